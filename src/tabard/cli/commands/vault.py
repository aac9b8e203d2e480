"""`tabard vault`: the sealed objects."""

import typer

from tabard.cli.commands import vault_keys
from tabard.cli.commands.options import Json
from tabard.cli.database import database
from tabard.cli.output import console, emit

app = typer.Typer(help="Sealed objects in their store.", no_args_is_help=True)
vault_keys.mount(app)


@app.callback()
def vault() -> None:
    """Keep `verify` a subcommand though it is the only one yet."""


@app.command()
def verify(json: Json = False) -> None:
    """Read every readable object back, decrypt it and compare its hash with the one that was sealed."""
    with database():
        from tabard.kernel.errors import TabardError
        from tabard.vault.models import SealedObject
        from tabard.vault.services import open_object

        wrong: list[dict[str, str]] = []
        held = SealedObject.objects.filter(key_destroyed_at__isnull=True).order_by("id")
        count = held.count()
        with console.status("Reading") as status:
            for number, sealed in enumerate(held.iterator(500), 1):
                status.update(f"{number} of {count}")
                try:
                    open_object(obj=sealed).verify()
                except TabardError as error:
                    wrong.append({"object": str(sealed.id), "code": error.code, "words": error.message})
    for found in wrong:
        console.print(f"[bold red]{found['object']}[/] {found['words']}")
    console.print(f"{count} objects read back, {len(wrong)} wrong.")
    emit({"ok": not wrong, "objects": count, "wrong": wrong}, as_json=json, ok=not wrong)
