"""`tabard vault`: the sealed objects in their stores."""

import typer

from tabard.cli.commands import vault_keys, vault_migrate, vault_reconcile, vault_scrub, vault_status

app = typer.Typer(
    help="Sealed objects in their stores: read them back, compare what is there, move them.",
    no_args_is_help=True,
)
app.command("status")(vault_status.status)
app.command("scrub")(vault_scrub.scrub)
app.command("verify", hidden=True)(vault_scrub.verify)
app.command("reconcile")(vault_reconcile.reconcile)
app.command("migrate")(vault_migrate.migrate)
vault_keys.mount(app)
