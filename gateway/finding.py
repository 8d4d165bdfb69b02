"""What ``birdwire check`` says of each thing that it looks at."""

from dataclasses import dataclass
from enum import StrEnum

PATIENCE = 5.0
"""Seconds that any peer has to answer."""


class Level(StrEnum):
    """How good or bad a finding is; only ``fail`` makes the command fail."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, and what to do about it (empty when nothing is)."""

    what: str
    level: Level
    says: str
    mend: str = ""
