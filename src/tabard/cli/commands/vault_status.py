"""`tabard vault status`: how many objects are safe, and what waits for a copy."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.table import Table

from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit

if TYPE_CHECKING:
    from tabard.vault.selectors import VaultStatus


def status(json: Json = False) -> None:
    """Say how many sealed objects are safe: read back from every configured store, decrypted, and hashed right.

    What waits is copied and read back by a worker within minutes. Exit code 1 if any copy is damaged now.
    """
    with database():
        from tabard.vault.selectors import status as ask

        found = ask()
    _show(found)
    emit({"ok": not found.damaged, **asdict(found)}, as_json=json, ok=not found.damaged)


def _show(found: "VaultStatus") -> None:
    console.print(
        f"{found.objects:,} objects ({decimal(found.size_bytes)}): {found.safe:,} safe, {found.waiting:,} waiting "
        f"({decimal(found.waiting_bytes)}), {found.damaged:,} with a damaged copy."
    )
    table = Table("Store", "Read back", "", "Waiting", "Damaged", "Longest unread", box=None, pad_edge=False)
    for name, store in found.stores.items():
        oldest = f"{store.oldest_verified_at:%d %B %Y %H:%M} UTC" if store.oldest_verified_at else ""
        counts = (
            f"{store.verified:,}",
            decimal(store.verified_bytes),
            f"{store.waiting:,}",
            f"{store.damaged:,}",
        )
        table.add_row(name, *counts, oldest)
    console.print(table)
