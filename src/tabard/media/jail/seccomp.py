"""Which system calls may a decoder still make? Those for memory, threads, time and the files it already holds.

An allow list: everything else (sockets, opening files, new processes, signals to others, tracing) answers EPERM.
Source: Linux `Documentation/userspace-api/seccomp_filter.rst`; numbers from the kernel's syscall tables.
"""

import ctypes
import errno
import os
import struct
from typing import NamedTuple

from tabard.media.jail import syscalls


class _Table(NamedTuple):
    audit_arch: int
    allowed: dict[str, int]


class _ArgumentRule(NamedTuple):
    """A call allowed only when its first argument equals `value`, or (with `bits`) has all bits of it."""

    number: int
    value: int
    bits: bool


def _numbers(listed: str) -> dict[str, int]:
    return {name: int(number) for name, number in (entry.split("=") for entry in listed.split())}


_X86_64 = _Table(
    0xC000003E,
    _numbers(
        "read=0 write=1 futex=202 close=3 fstat=5 lseek=8 mmap=9 mprotect=10 munmap=11 brk=12 rt_sigaction=13 "
        "rt_sigprocmask=14 rt_sigreturn=15 pread64=17 pwrite64=18 readv=19 writev=20 sched_yield=24 mremap=25 "
        "madvise=28 nanosleep=35 getpid=39 exit=60 uname=63 fsync=74 ftruncate=77 gettimeofday=96 getrusage=98 "
        "sysinfo=99 times=100 getuid=102 getgid=104 geteuid=107 getegid=108 getppid=110 sigaltstack=131 "
        "gettid=186 sched_getaffinity=204 restart_syscall=219 clock_gettime=228 clock_getres=229 "
        "clock_nanosleep=230 exit_group=231 set_robust_list=273 getcpu=309 getrandom=318 membarrier=324 rseq=334 "
        "clone=56 tgkill=234 prctl=157 prlimit64=302 clone3=435"
    ),
)
_AARCH64 = _Table(
    0xC00000B7,
    _numbers(
        "read=63 write=64 futex=98 close=57 fstat=80 lseek=62 mmap=222 mprotect=226 munmap=215 brk=214 "
        "rt_sigaction=134 rt_sigprocmask=135 rt_sigreturn=139 pread64=67 pwrite64=68 readv=65 writev=66 "
        "sched_yield=124 mremap=216 madvise=233 nanosleep=101 getpid=172 exit=93 uname=160 fsync=82 ftruncate=46 "
        "gettimeofday=169 getrusage=165 sysinfo=179 times=153 getuid=174 getgid=176 geteuid=175 getegid=177 "
        "getppid=173 sigaltstack=132 gettid=178 sched_getaffinity=123 restart_syscall=128 clock_gettime=113 "
        "clock_getres=114 clock_nanosleep=115 exit_group=94 set_robust_list=99 getcpu=168 getrandom=278 "
        "membarrier=283 rseq=293 clone=220 tgkill=131 prctl=167 prlimit64=261 clone3=435"
    ),
)
_TABLES = {"x86_64": _X86_64, "aarch64": _AARCH64}

_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER_AT, _ARCH_AT, _FIRST_ARGUMENT_AT = 0, 4, 16  # offsets in struct seccomp_data, little-endian low words
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_NOT_THERE = 0x00050000 | errno.ENOSYS
_X32_CALLS = 0x40000000


def _instruction(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _answer(number: int, verdict: int) -> bytes:
    return _instruction(_JUMP_EQUAL, number, if_false=1) + _instruction(_RETURN, verdict)


def _by_argument(rule: _ArgumentRule) -> bytes:
    load = _instruction(_LOAD_WORD, _FIRST_ARGUMENT_AT)
    mask = _instruction(_AND, rule.value if rule.bits else 0xFFFFFFFF)
    verdict = _answer(rule.value, _ALLOW) + _instruction(_RETURN, _REFUSE)
    body = load + mask + verdict
    return _instruction(_JUMP_EQUAL, rule.number, if_false=len(body) // 8) + body


def _program(table: _Table, pid: int) -> bytes:
    calls = dict(table.allowed)
    special = [
        # A new thread, never a new process.
        _by_argument(_ArgumentRule(calls.pop("clone"), syscalls.CLONE_THREAD, bits=True)),
        # abort() and raise() signal this process; nobody else can be.
        _by_argument(_ArgumentRule(calls.pop("tgkill"), pid, bits=False)),
        _by_argument(_ArgumentRule(calls.pop("prctl"), syscalls.PR_SET_NAME, bits=False)),
        _by_argument(_ArgumentRule(calls.pop("prlimit64"), 0, bits=False)),
        # A filter cannot read clone3's flags behind its pointer; ENOSYS makes the C library use clone.
        _answer(calls.pop("clone3"), _NOT_THERE),
    ]
    head = [
        _instruction(_LOAD_WORD, _ARCH_AT),
        _instruction(_JUMP_EQUAL, table.audit_arch, if_true=1),
        _instruction(_RETURN, _REFUSE),
        _instruction(_LOAD_WORD, _NUMBER_AT),
        _instruction(_JUMP_AT_LEAST, _X32_CALLS, if_false=1),
        _instruction(_RETURN, _REFUSE),
    ]
    plain = [_answer(number, _ALLOW) for number in calls.values()]
    return b"".join([*head, *plain, *special, _instruction(_RETURN, _REFUSE)])


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def close_calls() -> None:
    """From here on this thread, and those it starts, make none but the listed calls; needs no_new_privs."""
    table = _TABLES.get(syscalls.machine())
    if table is None:
        raise OSError(f"no list of system calls for {syscalls.machine()}")
    code = _program(table, os.getpid())
    program = _FilterProgram(len(code) // 8, code)
    syscalls.prctl(syscalls.PR_SET_SECCOMP, syscalls.SECCOMP_MODE_FILTER, ctypes.byref(program))
