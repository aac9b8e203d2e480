"""What do camera files say of themselves? One small reader for each kind of file, run inside the decoder jail.

Each is given bytes that anybody may have made, and adds what it finds to `found.Found`. None trusts a length, a count
or a depth that the bytes name. What is broken is left out: half a file still says what its other half says.
"""
