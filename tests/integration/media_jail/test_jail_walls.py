import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from tests.integration.media_jail.jail_footage import Recipe, film
from tests.integration.media_jail.jail_strangers import outcome

from tabard.media.jail import walls

SRC = Path(walls.__file__).parents[3]
OTHER_USER = 65_534
TRIES = {
    "reading a file": "lambda: open({readable!r}).read()",
    "listing a folder": "lambda: os.listdir('/')",
    "writing a file": "lambda: open({writable!r}, 'w').close()",
    "changing a file": "lambda: os.truncate({writable!r} + '-there', 0)",
    "removing a file": "lambda: os.unlink({writable!r} + '-there')",
    "connecting by TCP": "lambda: socket.socket().connect(('127.0.0.1', {tcp}))",
    "sending by UDP": "lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {udp}))",
    "an abstract Unix socket": "lambda: socket.socket(socket.AF_UNIX).connect({unix!r})",
    "taking a gigabyte": "lambda: bytearray(1 << 30)",
    "mapping two gigabytes that all could share": "lambda: mmap.mmap(-1, 2 << 30)",
    "signalling its parent": "lambda: os.kill(order['parent_pid'], signal.SIGCONT)",
    "a process of its own": "lambda: os.waitpid(os.fork() or os._exit(0), 0)",
    "another program": "lambda: os.execv('/bin/sh', ['sh', '-c', 'exit 0'])",
}


@pytest.fixture
def open_folder():
    """A folder in which anyone on the machine may do anything."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


@pytest.fixture
def targets(open_folder):
    """Things that anyone on the machine could read, write or reach."""
    readable, writable = open_folder / "readable", open_folder / "writable"
    readable.write_text("open to all")
    (open_folder / "writable-there").write_text("open to all")
    (open_folder / "writable-there").chmod(0o666)
    unix = "\0tabard-test-" + open_folder.name
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(type=socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_UNIX) as near,
    ):
        udp.bind(("127.0.0.1", 0))
        near.bind(unix)
        near.listen()
        yield {
            "readable": str(readable),
            "writable": str(writable),
            "tcp": tcp.getsockname()[1],
            "udp": udp.getsockname()[1],
            "unix": unix,
        }


@pytest.mark.parametrize("attempt", TRIES)
def test_nothing_outside_the_jail_can_be_reached_from_within(attempt, targets, tmp_path, monkeypatch):
    tried = TRIES[attempt].format(**targets)
    said = outcome(monkeypatch, tmp_path, tried, walls=True)
    assert said in {"PermissionError", "OSError", "MemoryError", "ConnectionRefusedError"}


@pytest.mark.parametrize("attempt", [name for name in TRIES if name != "another program"])
def test_the_same_attempts_succeed_where_there_are_no_walls(attempt, targets, tmp_path, monkeypatch):
    tried = TRIES[attempt].format(**targets)
    assert outcome(monkeypatch, tmp_path, tried, walls=False) == ""


@pytest.mark.parametrize(
    "attempt",
    [
        "lambda: os.setuid(0)" if os.geteuid() == 0 else "lambda: os.setgid(0)",
        "lambda: os.kill(os.getppid(), 0)",
        "lambda: ctypes.CDLL(None).ptrace(16, order['parent_pid'], 0, 0) and os.open('/', 0)",
    ],
)
def test_power_once_given_up_is_not_regained(attempt, tmp_path, monkeypatch):
    assert outcome(monkeypatch, tmp_path, attempt, walls=True) == "PermissionError"


def test_a_decoder_may_still_start_threads(tmp_path, monkeypatch):
    attempt = "lambda: [t.start() or t.join() for t in [threading.Thread(target=print)]]"
    assert outcome(monkeypatch, tmp_path, attempt, walls=True) == ""


def test_every_wall_is_held_here_and_named_in_words():
    states = walls.available_walls()
    assert set(states) == {"network", "files", "processes", "privileges", "limits", "parent"}
    missing = {wall: state.words for wall, state in states.items() if not state.held}
    if missing:
        pytest.skip(f"this kernel offers less: {missing}")
    assert all(state.words.startswith("held by") for state in states.values())


# Leaves the process as on a kernel without Landlock, namespaces and system-call filters.
_POORER_KERNEL = """
import os
from tabard.media.jail import seccomp, syscalls
def refuse(number, code):
    return seccomp._answer(number, 0x00050000 | code)
unshare = {"x86_64": 272, "aarch64": 97}[syscalls.machine()]
prctl = {"x86_64": 157, "aarch64": 167}[syscalls.machine()]
no_filters = seccomp._instruction(seccomp._LOAD_WORD, 16) + seccomp._answer(22, 0x00050000 | 22)
code = seccomp._instruction(seccomp._LOAD_WORD, 0) + refuse(444, 38) + refuse(446, 38) + refuse(unshare, 1)
code += seccomp._instruction(seccomp._JUMP_EQUAL, prctl, if_false=len(no_filters) // 8) + no_filters
code += seccomp._instruction(seccomp._RETURN, seccomp._ALLOW)
syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)
import ctypes
program = seccomp._FilterProgram(len(code) // 8, code)
syscalls.prctl(22, 2, ctypes.byref(program))
"""
_PROBE = """
import sys
import tempfile
import time
from pathlib import Path
from tabard.media.jail import runner
from tabard.media.jail.limits import Limits
from tabard.media.jail.errors import JailIncomplete
from tabard.media.jail.walls import available_walls
data = Path(sys.argv[1]).read_bytes()
def probe(accept):
    return runner.run("probe", {}, lambda a, b: data[a:b], len(data), Path(sys.argv[1]).parent, Limits(), accept)
"""


def run_script(script, footage, *, interpreter=sys.executable, **settings):
    paths = [str(SRC), *[p for p in sys.path if p.endswith("site-packages")]]
    environment = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [interpreter, "-c", script, str(footage)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **settings,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split("\n")


def test_on_a_kernel_that_offers_less_nothing_is_decoded_until_someone_accepts_it(tmp_path):
    footage = tmp_path / "footage.mp4"
    footage.write_bytes(film(Recipe()))
    script = (
        _PROBE
        + _POORER_KERNEL
        + """
try:
    probe(False)
except JailIncomplete as missing:
    print(sorted(missing.fields["missing"]), missing.code)
    print(missing.message)
print(probe(True).facts["decodable"])
states = available_walls()
print(states["limits"].held, states["files"].held, states["network"].held)
"""
    )
    named, message, accepted, held, _ = run_script(script, footage)
    assert "'files', 'network'" in named
    assert "jail_incomplete" in named
    assert "without Landlock (Function not implemented)" in message
    assert accepted == "True"
    assert held == "True False False"


def interpreter_for(user):
    """A Python of this version that the user can start and that finds the libraries, or None."""
    for candidate in (
        sys.executable,
        shutil.which(f"python3.{sys.version_info.minor}", path="/usr/bin:/usr/local/bin"),
    ):
        if candidate is None:
            continue
        paths = os.pathsep.join([str(SRC), *[p for p in sys.path if p.endswith("site-packages")]])
        try:
            ran = subprocess.run(
                [candidate, "-c", "import av, PIL, tabard"],
                user=user,
                group=user,
                extra_groups=[],
                env={"PYTHONPATH": paths},
                check=False,
                capture_output=True,
                cwd="/",
            )
        except OSError:
            continue
        if ran.returncode == 0:
            return candidate
    return None


def test_another_user_than_root_has_the_same_walls(open_folder):
    if os.geteuid() != 0:
        pytest.skip("not root: every other test here already runs as another user")
    interpreter = interpreter_for(OTHER_USER)
    if interpreter is None:
        pytest.skip("no Python interpreter that another user may start")
    footage = open_folder / "footage.mp4"
    footage.write_bytes(film(Recipe()))
    script = (
        _PROBE
        + """
import os
print(os.getuid(), probe(False).facts["decodable"], all(state.held for state in available_walls().values()))
"""
    )
    said = run_script(
        script, footage, interpreter=interpreter, user=OTHER_USER, group=OTHER_USER, extra_groups=[], cwd="/"
    )
    assert said[0] == f"{OTHER_USER} True True"


def children_of(pid):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_decoder_dies_with_its_parent(tmp_path):
    script = """
import sys, time
from pathlib import Path
from tabard.media.jail import runner
from tabard.media.jail.limits import Limits
def read(start, stop):
    print("reading", flush=True)
    time.sleep(300)
runner.run("probe", {}, read, 1000, Path(sys.argv[1]), Limits(), True)
"""
    paths = os.pathsep.join([str(SRC), *[p for p in sys.path if p.endswith("site-packages")]])
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, env={"PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout.readline() == "reading\n"
        (decoder,) = children_of(parent.pid)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    for _ in range(600):
        if not alive(decoder):
            return
        time.sleep(0.05)
    raise AssertionError("the decoder outlived its parent")
