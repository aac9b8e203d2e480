"""Which functions write? Found by reading the packages, so that a new one cannot be overlooked.

A service is a public function of a package below the edges that either is told when and by whom (`at`, with `by` or
`viewer`), or changes rows or appends an event: itself, or through the private functions and classes of its module.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import tabard

# What stands above the services, what only asks them, and what knows no database.
EDGES = {"config", "cli", "web", "api", "jobs", "simulation"}
WITHOUT_ROWS = {"kernel", "merkle", "sealing", "witness"}

_CHANGES = {
    "create",
    "bulk_create",
    "get_or_create",
    "update_or_create",
    "save",
    "update",
    "bulk_update",
    "delete",
}
_APPENDS = {"append", "append_many", "erase_details"}
_LOGS = {"custody", "services", "custody_services"}
_SQL = re.compile(r"^\s*(INSERT INTO|UPDATE|DELETE FROM|COPY) ", re.IGNORECASE)


@cache
def services() -> dict[str, Callable[..., Any]]:
    """Every service by its name, as `people.services.create_unit`."""
    return {name: function for module in _modules() for name, function in _services_of(module)}


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(tabard.__path__, "tabard."):
        parts = found.name.split(".")
        if parts[1] in EDGES | WITHOUT_ROWS or {"migrations", "jail"} & set(parts):
            continue
        yield importlib.import_module(found.name)


def _services_of(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    tree = ast.parse(inspect.getsource(module))
    parts = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for name, function in vars(module).items():
        is_here = inspect.isfunction(function) and function.__module__ == module.__name__
        if is_here and not name.startswith("_") and (_is_told(function) or _writes(name, parts, set())):
            yield f"{module.__name__.removeprefix('tabard.')}.{name}", function


def _is_told(function: Callable[..., Any]) -> bool:
    names = set(inspect.signature(function).parameters)
    return "at" in names and bool(names & {"by", "viewer"})


def _writes(name: str, parts: dict[str, Any], seen: set[str]) -> bool:
    """Whether the function or class of that name writes, or one of its module that it mentions does."""
    if name in seen or name not in parts:
        return False
    seen.add(name)
    nodes = list(ast.walk(parts[name]))
    if any(_is_write(node) for node in nodes):
        return True
    mentioned = {node.id for node in nodes if isinstance(node, ast.Name)}
    return any(_writes(each, parts, seen) for each in mentioned)


def _is_write(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and bool(_SQL.match(node.value))
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    called, of = node.func.attr, node.func.value
    if called in _APPENDS and isinstance(of, ast.Name) and of.id in _LOGS:
        return True
    # `digest.update()` and `set.update()` take what they are given by position; rows take names.
    return called in _CHANGES and not (called == "update" and node.args)
