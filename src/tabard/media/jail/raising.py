"""The child's side of the walls: put them up, then run against them.

Order matters. The network namespace needs root's power or a new user namespace, so it comes before power is given
up; Landlock and the system-call filter come last because they forbid what the others need.
"""

import contextlib
import errno
import mmap
import os
import resource
import signal
import socket
from collections.abc import Callable

from tabard.media.jail import landlock, seccomp, syscalls
from tabard.media.jail.limits import Limits
from tabard.media.jail.walls import WallState, judge

# A user id that nobody has: far above those of people and containers, and one per child, so that two
# decoders at work are strangers to each other.
_OWN_USER_BASE = 0x40000000
_NOBODY = 65534
_MOST_THREADS = 64
_OPEN_FILES = 16
_LOOPBACK_DISCARD = ("127.0.0.1", 9)
_THROUGH_ERRORS = (errno.ECONNREFUSED, errno.EINPROGRESS, errno.ETIMEDOUT)


def die_with_parent(parent_pid: int) -> None:
    """This process is killed when its parent ends, also when that happened before the call."""
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def require_single_thread() -> None:
    """Passes only in a process of one thread, because several walls bind just the calling thread."""
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208 - pathlib costs start-up time here
        raise OSError("the decoder had started threads before its walls stood")


def _empty_network() -> None:
    syscalls.unshare(syscalls.CLONE_NEWNET)


def _empty_network_as_user() -> None:
    syscalls.unshare(syscalls.CLONE_NEWUSER | syscalls.CLONE_NEWNET)


def _own_user() -> None:
    if os.geteuid() != 0:
        raise OSError("only root can change user")
    os.setgroups([])
    for user in (_OWN_USER_BASE + os.getpid(), _NOBODY):
        try:
            os.setresgid(user, user, user)
            os.setresuid(user, user, user)
        except OSError as refused:
            if refused.errno != errno.EINVAL or user == _NOBODY:
                raise
        else:
            resource.setrlimit(resource.RLIMIT_NPROC, (_MOST_THREADS, _MOST_THREADS))
            return


def _no_new_privileges() -> None:
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
    syscalls.drop_capabilities()


def _address_space_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - pathlib costs start-up time here
        return int(statm.read().split()[0]) * os.sysconf("SC_PAGESIZE")


def _limit(limits: Limits) -> None:
    bounds = {
        resource.RLIMIT_AS: _address_space_bytes() + limits.memory_bytes,
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_FSIZE: limits.output_bytes,
        resource.RLIMIT_NOFILE: _OPEN_FILES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for kind, most in bounds.items():
        hard = resource.getrlimit(kind)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))
    # The second of grace lets the kernel say SIGXCPU, which names the cause, before SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))


def _raise(limits: Limits, parent_pid: int) -> dict[str, str]:
    refusals: dict[str, str] = {}

    def attempt(means: str, build: Callable[[], None]) -> bool:
        try:
            build()
        except (OSError, ValueError) as refused:
            refusals[means] = getattr(refused, "strerror", None) or str(refused)
            return False
        refusals.pop(means, None)
        return True

    networkless = attempt("namespace", _empty_network)
    attempt("limits", lambda: _limit(limits))
    attempt("own_user", _own_user)
    if not networkless:
        attempt("namespace", _empty_network_as_user)
    attempt("no_new_privileges", _no_new_privileges)
    # A change of user or capabilities clears the parent-death signal, so it is set again after them.
    attempt("dies_with_parent", lambda: die_with_parent(parent_pid))
    attempt("signal_scope", landlock.require_signal_scope)
    if not attempt("landlock", landlock.close_files):
        refusals.setdefault("signal_scope", refusals["landlock"])
    attempt("calls", seccomp.close_calls)
    return refusals


def _read_file() -> None:
    os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY))


def _write_file() -> None:
    os.close(os.open("/tmp", os.O_TMPFILE | os.O_WRONLY))  # noqa: S108 - an attempt that must fail; leaves nothing


def _connect() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
        stream.setblocking(False)
        stream.connect(_LOOPBACK_DISCARD)


def _send_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.sendto(b"", _LOOPBACK_DISCARD)


def _take_memory(size_bytes: int) -> None:
    # Mapped, not filled: where this wall is missing the attempt must not cost the machine a gigabyte.
    mmap.mmap(-1, size_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()


def _passes(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError as refused:
        return refused.errno in _THROUGH_ERRORS
    return True


def _attempts_that_pass(limits: Limits, parent_pid: int) -> list[str]:
    attempts: dict[str, Callable[[], object]] = {
        "reading a file": _read_file,
        "writing a file": _write_file,
        "a TCP connection": _connect,
        "a UDP datagram": _send_datagram,
        "taking more memory than allowed": lambda: _take_memory(limits.memory_bytes),
        "signalling its parent": lambda: os.kill(parent_pid, 0),
    }
    return [words for words, attempt in attempts.items() if _passes(attempt)]


def raise_walls(limits: Limits, parent_pid: int) -> dict[str, WallState]:
    """Every wall this kernel offers stands when it returns, and each was run against.

    Args:
        limits: What this process may use from here on.
        parent_pid: The process that must not be signalled, and with which this one dies.
    """
    with contextlib.suppress(FileNotFoundError):  # no /proc: the kernel then refuses what needs one thread
        require_single_thread()
    refusals = _raise(limits, parent_pid)
    return judge(refusals, _attempts_that_pass(limits, parent_pid))
