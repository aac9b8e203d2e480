"""How much may one look into footage cost?"""

from dataclasses import asdict, dataclass

from tabard.kernel.errors import Invalid

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one decoder may use; going past any of them ends it.

    `max_side` and `max_pixels` bound a picture before it is decoded, because a small file can claim a huge picture.
    """

    memory_bytes: int = 1024 * MIB
    cpu_s: int = 600
    wall_s: float = 900.0
    output_bytes: int = 16 * 1024 * MIB
    max_side: int = 8192
    max_pixels: int = 40_000_000

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if value <= 0:
                raise Invalid("A limit is a positive number.", field=name)
