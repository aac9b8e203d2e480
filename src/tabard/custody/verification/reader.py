"""What does a process do that only reads blocks of the log? It opens the snapshot once, and looks at what it is given.

Free of Django until `begin`, because a process that was just started has none.
"""

import atexit
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tabard.custody.verification.blocks import Looked
    from tabard.custody.verification.dating import Times

_given: list[Any] = []


def begin(address: dict[str, Any], snapshot: str, times: "Times", published: int) -> None:
    """From now on this process sees what was exported as `snapshot`, and nothing that came later.

    Args:
        address: The settings of the connection that exported it.
        snapshot: Its name.
        times: What to date events by.
        published: How many events the newest checkpoint covers.
    """
    import django

    django.setup()
    from django.db import connection

    from tabard.custody.verification.moment import one_moment

    connection.settings_dict.update(address)
    moment = ExitStack()
    moment.enter_context(one_moment(snapshot))
    atexit.register(moment.close)
    _given[:] = [times, published]


def look_at(first: int, end: int) -> "Looked":
    """`blocks.look`, in this process."""
    from tabard.custody.verification.blocks import look

    return look(first, end, _given[0], _given[1])
