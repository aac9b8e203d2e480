"""`tabard dock` as a person meets it: set up, look, run, ask, stop."""

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console
from tests.docked import GoPro, seeded

from tabard.dock.agent import Agent
from tabard.dock.configuration import Configuration
from tabard.dock.setting_up import unit
from tabard.dock.view import screen

RUN = [sys.executable, "-c", "from tabard.cli.main import run; run()", "dock"]


def dock(*arguments):
    return subprocess.run(
        [*RUN, *map(str, arguments)], capture_output=True, text=True, timeout=180, check=False
    )


def answer(done):
    return json.loads(done.stdout.splitlines()[-1])


def test_a_station_is_set_up_with_erasing_off(tmp_path, door):
    home = tmp_path / "dock"
    done = dock("init", "--url", door.url, "--folder", home, "--json")
    assert done.returncode == 0, done.stderr
    assert answer(done)["permit_keys"] == [door.vkey]
    assert door.vkey in done.stdout
    found = Configuration.load(home / "dock.toml")
    assert (found.erase.value, [key.encode() for key in found.permit_keys]) == ("never", [door.vkey])
    assert (home / "dock-key").stat().st_mode & 0o077 == 0
    assert home.stat().st_mode & 0o077 == 0
    key = dock("key", "--config", home / "dock.toml", "--json")
    assert answer(key)["public_key"] == answer(done)["public_key"]


def test_setting_up_again_overwrites_nothing(tmp_path, door):
    home = tmp_path / "dock"
    dock("init", "--url", door.url, "--folder", home)
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    again = dock("init", "--url", door.url, "--folder", home)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()} == before


@pytest.mark.parametrize("url", ["door.example", "http://door.example", "ftp://127.0.0.1"])
def test_an_address_that_cannot_be_is_refused_and_leaves_no_configuration(tmp_path, url):
    done = dock("init", "--url", url, "--folder", tmp_path / "dock")
    assert (done.returncode, "server.url" in done.stderr) == (2, True)
    assert not (tmp_path / "dock" / "dock.toml").exists()
    assert "Traceback" not in done.stderr


def test_what_is_recognised_is_shown_and_left_as_it_is(station, card, tmp_path):
    card.film_many(2, seeded(1))
    (station.media / "stick" / "photos").mkdir(parents=True)
    done = dock("cards", "--config", station.path, "--json")
    (found,) = answer(done)["cards"]
    assert (found["layout"], found["serial"], found["files"]) == ("gopro", "C3441325000001", 2)
    assert "stick: no card that is known" in done.stdout
    assert len(card.remaining()) == 2


def test_one_pass_ends_with_what_it_came_to(station, door, card):
    card.film_many(2, seeded(1))
    done = dock("run", "--once", "--config", station.path, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert answer(done) == {
        "cameras": 1,
        "found": 2,
        "sealed": 2,
        "secured": 2,
        "permitted": 2,
        "erased": 2,
        "in_spool": 0,
        "differing": 0,
        "troubled": 0,
        "why": [],
    }


def test_a_pass_that_found_something_wrong_ends_with_1(station, door, card):
    card.film_many(1, seeded(1))
    door.permit_text = lambda lines: [*lines, "and more"]
    done = dock("run", "--once", "--patience-s", "1", "--config", station.path, "--json")
    assert (done.returncode, answer(done)["troubled"]) == (1, 1)


def test_a_pass_that_could_not_send_all_ends_with_2(station, door, card):
    card.film_many(1, seeded(1))
    door.stop()
    done = dock("run", "--once", "--patience-s", "0.2", "--config", station.path, "--json")
    assert (done.returncode, answer(done)["in_spool"]) == (2, 1)


def test_a_configuration_that_is_wrong_ends_with_2_and_its_line(station):
    station.path.write_text(station.path.read_text().replace("lanes = 4", "lanes = 0"))
    done = dock("run", "--once", "--config", station.path)
    assert (done.returncode, "cards.lanes" in done.stderr) == (2, True)


def test_status_before_anything_ran_says_so(station):
    done = dock("status", "--config", station.path)
    assert (done.returncode, "has not run here yet" in done.stderr) == (2, True)


def test_status_of_a_running_agent(station, door, card):
    card.film_many(2, seeded(1))
    station.write(erase="never")
    process = subprocess.Popen(
        [*RUN, "run", "--config", str(station.path)], stdout=subprocess.PIPE, text=True
    )
    try:
        said = {}
        until = time.monotonic() + 120
        while not said or [each["sealed"] for each in said["cameras"]] != [2]:
            assert time.monotonic() < until
            time.sleep(0.2)
            done = dock("status", "--config", station.path, "--json")
            said = answer(done) if done.returncode == 0 else {}
        assert said["running"]
        assert said["erase"] == "never"
        assert said["cameras"][0]["name"] == "C3441325000001"
    finally:
        process.terminate()
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    lines = out.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)
    assert sum("sealed" in line for line in lines) == 2
    after = dock("status", "--config", station.path, "--json")
    assert answer(after)["running"] is False


def test_on_a_terminal_there_is_a_live_view(station, door, card):
    card.film_many(3, seeded(1))
    controller, terminal = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen(
        [*RUN, "run", "--config", str(station.path)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment,
    )
    os.close(terminal)
    shown = b""
    try:
        until = time.monotonic() + 120
        while b"Erasing: with a permit only" not in shown or card.remaining():
            assert time.monotonic() < until, shown[-500:]
            shown += os.read(controller, 65536)
    finally:
        process.terminate()
        while process.poll() is None:
            try:
                shown += os.read(controller, 65536)
            except OSError:
                break
        process.wait(20)
        os.close(controller)
    for word in (b"camera", b"found", b"sealed", b"permit", b"erased", b"C3441325000001", b"Server: reached"):
        assert word in shown


@pytest.mark.parametrize("width", [80, 120])
def test_the_view_shows_every_camera_in_its_state(station, width):
    for number in range(2):
        GoPro(station.media / f"c{number}", serial=f"S{number}").film_many(2, seeded(number))
    parts = station.open()
    try:
        station.door.stop()
        agent = Agent(parts, station.said.append)
        agent.run_once(patience_s=0.2)
        console = Console(width=width, record=True, file=io.StringIO())
        console.print(screen(parts))
        text = console.export_text()
    finally:
        parts.close()
        station.door.start()
    assert re.search(r"S0\s+│?\s*2 \(", text)
    assert "S1" in text
    assert "The server does not answer" in text
    assert "Spool: 4 files" in text
    assert max(map(len, text.splitlines())) <= width


def test_the_unit_runs_this_agent_behind_walls(station):
    text = unit(station.path, Path("/opt/tabard/bin/tabard"), "dock")
    assert f"ExecStart=/opt/tabard/bin/tabard dock run --config {station.path}" in text
    assert f"ReadWritePaths={station.home}\n" in text
    assert "SocketBindDeny=any" in text
    assert "NoNewPrivileges=yes" in text
    assert "{" not in text
