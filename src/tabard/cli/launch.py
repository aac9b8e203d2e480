"""Who does a child process run as, and what ends it? A script that settles both and becomes the program.

`command()` builds the argument list; the rest runs in the new process, before `exec`. It is a script of its
own, of the standard library alone, because the usual way (Python code between fork and exec in the parent's
own memory) may deadlock in a process that has threads.

About `--namespace`. PostgreSQL refuses to run as root. Started by root, it therefore runs in a new user
namespace in which root's id carries another number: the program sees an ordinary user and holds no capability
over the machine, so it cannot override permissions, mount, change the network, or become or trace others.
It is *not* another user: files that root owns are still its own, and it may signal root's processes. No
system user is needed, data files stay root's, and a folder under /root works. For a wall between database and
machine run Tabard as a user of its own, or give it another PostgreSQL with `DATABASE_URL`.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
COULD_NOT_LAUNCH = 125


def command(
    argv: Sequence[str | Path],
    *,
    detach: bool = False,
    die_with: int | None = None,
    identity: Sequence[str] = (),
    must_reach: Sequence[Path] = (),
) -> list[str]:
    """The argument list that starts `argv` as asked; `argv[0]` is an absolute path.

    Args:
        argv: the program and its arguments; none: only try whether `identity` is possible.
        detach: give it a session of its own and no parent, so that it outlives whoever started it.
        die_with: the caller's process id: the program is killed when the *thread* that started it ends.
        identity: `--namespace` or `--user NAME`; empty: the caller's own user.
        must_reach: folders and files that the program has to reach; else it ends with a sentence on stderr.
    """
    # -I and -S: no site-packages, no environment variables, no start-up files; 10 ms instead of 60.
    options = [sys.executable, "-I", "-S", __file__, *identity]
    options += ["--detach"] if detach else []
    options += ["--die-with", str(die_with)] if die_with is not None else []
    for path in must_reach:
        options += ["--must-reach", str(path)]
    return [*options, "--", *map(str, argv)]


def unprivileged_user() -> pwd.struct_passwd | None:
    """The user that root's server appears or runs as: `postgres`, else `nobody`, else any but root."""
    known = {entry.pw_name: entry for entry in pwd.getpwall() if entry.pw_uid != 0}
    return known.get("postgres") or known.get("nobody") or next(iter(known.values()), None)


def _main(arguments: Sequence[str]) -> None:
    end = arguments.index("--")
    options, program = _parser().parse_args(arguments[:end]), arguments[end + 1 :]
    if options.detach:
        _detach()
    if options.namespace:
        _enter_namespace()
    if options.user:
        _become(pwd.getpwnam(options.user))
    for path in options.must_reach:
        _must_reach(Path(path))
    # Last: a change of user clears the death signal (prctl(2)).
    if options.die_with:
        _die_with(options.die_with)
    if program:
        os.execv(program[0], list(program))  # noqa: S606 - no shell is the point


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("launch")
    parser.add_argument("--detach", action="store_true")
    parser.add_argument("--namespace", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--die-with", type=int)
    parser.add_argument("--must-reach", action="append", default=[])
    return parser


def _detach() -> None:
    if os.fork():
        os._exit(0)
    os.setsid()


def _enter_namespace() -> None:
    # The number must have a name: initdb looks itself up in the password file.
    user = unprivileged_user()
    if user is None:
        _give_up("the password file knows no user but root")
    _libc_call("unshare", _CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user.pw_uid} 0 1")
    Path("/proc/self/gid_map").write_text(f"{user.pw_gid} 0 1")
    _libc_call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _become(user: pwd.struct_passwd) -> None:
    os.setgroups([])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    _libc_call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def _must_reach(path: Path) -> None:
    for step in (*reversed(path.parents), path):
        if not os.access(step, os.X_OK):
            name = pwd.getpwuid(os.geteuid()).pw_name
            _give_up(f"it would run as the user {name}, who may not enter {step}, and so cannot reach {path}")


def _die_with(parent: int) -> None:
    _libc_call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        _give_up("the process that asked for this one has already ended")


def _libc_call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*map(ctypes.c_ulong, arguments)) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def _give_up(reason: str) -> NoReturn:
    sys.stderr.write(f"tabard could not launch: {reason}\n")
    sys.stderr.flush()
    os._exit(COULD_NOT_LAUNCH)


if __name__ == "__main__":
    try:
        _main(sys.argv[1:])
    except (OSError, KeyError) as failure:
        _give_up(str(failure))
