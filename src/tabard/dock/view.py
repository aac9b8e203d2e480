"""What does somebody standing at the dock see? One line for each camera, and beneath what the dock itself is about."""

from typing import Any

from rich.console import Group
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from tabard.dock.station import Station

_NUMBERS = ("found", "sent", "spool", "sealed", "permit", "erased")


def screen(station: Station) -> Group:
    """All of the live view, as things stand now."""
    return Group(_table(station), *_below(station))


def _table(station: Station) -> Table:
    table = Table(expand=True, header_style="bold", title_justify="left")
    table.add_column("camera")
    for name in _NUMBERS:
        table.add_column(name, justify="right")
    table.add_column("speed", justify="right")
    table.add_column("now", ratio=1, overflow="fold")
    for _, line in station.board.cameras():
        now = line.doing or line.waits_for or ("empty" if not line.files else "done")
        style = "red" if line.differing or line.troubled else ""
        table.add_row(
            Text(line.name),
            f"{line.files} ({decimal(line.size_bytes)})",
            decimal(line.sent_bytes),
            str(line.spooled or ""),
            str(line.sealed),
            str(line.permitted),
            str(line.erased),
            f"{decimal(int(line.bytes_per_s))}/s" if line.bytes_per_s else "",
            Text(now, style=style),
        )
    return table


def _below(station: Station) -> list[Text]:
    board, line = station.board, station.door.line
    server = Text("Server: ")
    if line.words:
        server.append(line.words, style="yellow")
    elif station.is_quiet():
        server.append("quiet hours; nothing is sent", style="yellow")
    else:
        server.append("reached" if station.door.dock else "not asked yet")
    said: list[Text] = [server]
    if board.spool_files:
        speed = f", {decimal(int(board.spool_meter.rate()))}/s" if board.spool_meter.rate() else ""
        said.append(Text(f"Spool: {board.spool_files} files, {decimal(board.spool_bytes)}{speed}"))
    said.append(Text(f"Erasing: {_ERASING[station.configuration.erase.value]}", style="dim"))
    faults = [f"{card.name}: {words}" for card, each in board.cameras() for words in each.faults]
    said += [Text(words, style="red") for words in (*board.faults(), *faults)]
    return said


_ERASING = {"never": "off; cameras keep their files", "with_permit": "with a permit only"}


def words_of(state: dict[str, Any]) -> list[str]:
    """What `tabard dock status` says in words of a state that the agent published."""
    said = [f"As of {state['at']}."]
    for each in state["cameras"]:
        reached = ("sealed", "permitted", "erased")
        counts = ", ".join([f"{each['files']} found", *(f"{each[name]} {name}" for name in reached)])
        rest = each["doing"] or each["waits_for"]
        said.append(f"{each['name']}: {counts}{f'; {rest}' if rest else ''}")
    if not state["cameras"]:
        said.append("No camera is docked.")
    if state["spool_files"]:
        said.append(f"Spool: {state['spool_files']} files, {decimal(state['spool_bytes'])}")
    if state["line"]:
        said.append(f"Server: {state['line']}")
    return [*said, *state["faults"]]
