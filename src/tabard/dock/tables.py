"""Is this table of a configuration what it should be? Every refusal names the line and says what would be right."""

from collections.abc import Mapping
from typing import Any

from tabard.dock.errors import BadConfiguration


class Table:
    """One table of a TOML file; each key is taken once, and `done` refuses whatever was not taken."""

    def __init__(self, name: str, values: Any) -> None:
        if not isinstance(values, Mapping):
            raise BadConfiguration(f"[{name}] must be a table.", field=name)
        self._name = name
        self._left = dict(values)

    def text(self, key: str, default: str = "") -> str:
        """Text, or the default."""
        return str(self._take(key, default, str, "text in quotes"))

    def texts(self, key: str) -> list[str]:
        """A list of texts; empty where the key is not there."""
        values = self._take(key, [], list, "a list of texts")
        if not all(isinstance(each, str) for each in values):
            raise self.wrong(key, "It must be a list of texts.")
        return list(values)

    def number(self, key: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
        """A whole number within bounds, or the default."""
        value = self._take(key, default, int, "a whole number")
        if isinstance(value, bool) or not least <= value <= most:
            raise self.wrong(key, f"It must be a whole number from {least} to {most}.")
        return int(value)

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false, or the default."""
        return bool(self._take(key, default, bool, "true or false"))

    def wrong(self, key: str, message: str) -> BadConfiguration:
        """The refusal of what stands at the key."""
        return BadConfiguration(message, field=f"{self._name}.{key}")

    def done(self) -> None:
        """Every key was known; a misspelt one must not silently do nothing.

        Raises:
            BadConfiguration: naming one that was not.
        """
        for key in self._left:
            raise self.wrong(key, "Nobody knows this key.")

    def _take(self, key: str, default: Any, kind: type, words: str) -> Any:
        value = self._left.pop(key, default)
        if not isinstance(value, kind):
            raise self.wrong(key, f"It must be {words}.")
        return value
