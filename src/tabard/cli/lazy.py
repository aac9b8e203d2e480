"""How does `tabard` start without what it does not need? Its commands are a table; only the one that runs is loaded.

So a station PC, a witness's machine or a court's laptop runs its few commands without Django, a database driver or a
decoder (`pip install tabard`), and the help there says which commands need the rest (`tabard[server]`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import typer
from typer._click import Command, Context
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from tabard.cli.output import fail

SERVER = "server"
_SIGNS_OF_THE_SERVER = ("django", "psycopg", "obstore")
_MISSING_PANEL = r"Commands that need tabard\[server], which is not installed here"


def has_server() -> bool:
    """Whether the server's dependencies are installed."""
    return all(find_spec(each) is not None for each in _SIGNS_OF_THE_SERVER)


@dataclass(frozen=True)
class Lazy:
    """A command, or a group of them, that is loaded when it runs.

    Attributes:
        name: As it is typed.
        target: `module:attribute`, a Typer app or the command's function.
        help: What the list of commands says of it; the same as it says itself.
        needs: The extra that it needs; empty where the plain package will do.
        settings: Of the command's context.
    """

    name: str
    target: str
    help: str
    needs: str = SERVER
    settings: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def listed(self) -> TyperCommand:
        """What stands in the list of commands."""
        is_missing = self.needs == SERVER and not has_server()
        return TyperCommand(self.name, help=self.help, rich_help_panel=_MISSING_PANEL if is_missing else None)

    def load(self) -> Command:
        """The command itself; leaves with 2 where what it needs is not installed."""
        if self.needs == SERVER and not has_server():
            fail(
                f"`{self.name}` runs the server's part of Tabard, which is not installed here.",
                "Install it: pip install 'tabard\\[server]'",
            )
        module, _, attribute = self.target.partition(":")
        target = getattr(import_module(module), attribute)
        around = typer.Typer(add_completion=False)
        if isinstance(target, typer.Typer):
            around.add_typer(target, name=self.name)
        else:
            around.command(self.name, context_settings=dict(self.settings) or None)(target)
        return get_group(around).commands[self.name]


def group_of(*commands: Lazy) -> type[TyperGroup]:
    """The class of a group that lists these commands, and loads the one that is called."""
    table = {each.name: each for each in commands}

    class LazyGroup(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = {**{name: each.listed for name, each in table.items()}, **self.commands}

        def resolve_command(
            self, ctx: Context, args: list[str]
        ) -> tuple[str | None, Command | None, list[str]]:
            name, command, rest = super().resolve_command(ctx, args)
            return name, table[name].load() if name in table else command, rest

    return LazyGroup
