"""The Axis door: the published body-worn protocol, a small subset of OpenStack Swift.

`docs/reference/axis-door.md` says what the door promises.
"""
