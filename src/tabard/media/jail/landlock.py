"""No file can be opened, made or removed after this: Landlock with an empty list of exceptions.

Source: Linux `Documentation/userspace-api/landlock.rst` (version numbers and rights below).
"""

import ctypes
import os

from tabard.media.jail import syscalls

_ASK_VERSION = 1
# Newest right known to each version of the interface: 1 has rights 0-12, 2 adds 13 (refer), 3 adds 14
# (truncate), 5 adds 15 (device ioctl). Asking an older kernel for a newer right is refused.
_FILE_RIGHTS_BY_VERSION = ((5, 0xFFFF), (3, 0x7FFF), (2, 0x3FFF), (1, 0x1FFF))
_NET_VERSION, _NET_RIGHTS = 4, 0x3  # TCP bind and connect
_SCOPE_VERSION, _SCOPES = 6, 0x3  # abstract Unix sockets, signals


def version() -> int:
    """The kernel's Landlock version; raises `OSError` where there is none."""
    return syscalls.call(
        syscalls.LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION)
    )


def _attributes(known: int) -> ctypes.Array[ctypes.c_uint64]:
    files = next(rights for since, rights in _FILE_RIGHTS_BY_VERSION if known >= since)
    fields = [files]
    if known >= _NET_VERSION:
        fields.append(_NET_RIGHTS)
    if known >= _SCOPE_VERSION:
        fields.append(_SCOPES)
    return (ctypes.c_uint64 * len(fields))(*fields)


def close_files() -> None:
    """From here on this thread opens no file; needs no_new_privs."""
    attributes = _attributes(version())
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    ruleset = syscalls.call(
        syscalls.LANDLOCK_CREATE_RULESET, ctypes.byref(attributes), size, ctypes.c_uint32(0)
    )
    try:
        syscalls.call(syscalls.LANDLOCK_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def require_signal_scope() -> None:
    """Passes only where Landlock also keeps signals inside the jail (version 6, Linux 6.12)."""
    known = version()
    if known < _SCOPE_VERSION:
        raise OSError(f"Landlock version {known} does not cover signals")
