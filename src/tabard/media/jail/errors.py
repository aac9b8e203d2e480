"""What can go wrong when footage is looked into."""

from typing import ClassVar

from tabard.kernel.errors import Invalid, Unavailable


class CannotDecode(Invalid):
    """The footage cannot be decoded; the message and `fields["reason"]` say why in plain words."""

    code: ClassVar[str] = "cannot_decode"

    def __init__(self, reason: str) -> None:
        super().__init__(f"cannot be decoded: {reason}", field="footage", reason=reason)


class DecoderKilled(Unavailable):
    """The decoder ended before it had answered; `fields["reason"]` says why in plain words."""

    code: ClassVar[str] = "decoder_killed"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The decoder was stopped: it {reason}.", reason=reason)


class JailIncomplete(Unavailable):
    """Walls are missing and nobody has accepted that; `fields["missing"]` maps each wall to what is missing."""

    code: ClassVar[str] = "jail_incomplete"

    def __init__(self, missing: dict[str, str]) -> None:
        named = "; ".join(f"{wall}: {words}" for wall, words in sorted(missing.items()))
        super().__init__(
            f"Footage is not decoded here, because walls are missing ({named}).", missing=missing
        )
