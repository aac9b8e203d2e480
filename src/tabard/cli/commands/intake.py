"""`tabard intake`: the doors footage comes in by."""

import typer

from tabard.cli.commands import axis, intake_folder, intake_patterns

app = typer.Typer(help="The doors that footage comes in by.", no_args_is_help=True)
app.command("axis-connection-file")(axis.connection_file)
app.command("door-certificate")(axis.door_certificate)
app.command("destinations")(axis.destinations)
app.command("revoke")(axis.revoke)
app.command("new-footage-key")(axis.new_footage_key)
app.command("unfinished")(axis.unfinished)
app.command("end-transfer")(axis.end_transfer)
app.command("folder")(intake_folder.folder)
app.add_typer(intake_patterns.app, name="patterns")
