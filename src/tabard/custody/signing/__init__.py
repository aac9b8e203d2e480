"""With which keys does the log sign, and how does one take over from another?"""
