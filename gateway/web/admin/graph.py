"""Graphs as rectangles: what a template needs to draw one as SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 600, 120
"""The size of the picture, in units of its own; the page scales it."""

_ROOM = 0.75
"""How much of its place a bar takes."""

_FEW = 6
"""Up to so many bars have their labels below them, and places that are no wider than if there were so many."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it stands (x, and the y of its top), how wide and high it is, and what it is of."""

    x: float
    y: float
    width: float
    height: float
    label: str
    number: int


@dataclass(frozen=True, slots=True)
class Graph:
    """Bars side by side under a line at ``top``, which is a round number that none of them is over."""

    bars: tuple[Bar, ...]
    top: int
    most: int

    @property
    def is_labelled(self) -> bool:
        """Whether each bar has its label below it."""
        return len(self.bars) <= _FEW

    @property
    def first(self) -> str:
        """The label of the first bar."""
        return self.bars[0].label if self.bars else ""

    @property
    def last(self) -> str:
        """The label of the last bar."""
        return self.bars[-1].label if self.bars else ""


def bars(numbers: Sequence[tuple[str, int]]) -> Graph:
    """A graph of these numbers, each with its label."""
    most = max((number for _, number in numbers), default=0)
    top = round_up(most)
    place = WIDTH / max(len(numbers), _FEW)
    drawn = []
    for index, (label, number) in enumerate(numbers):
        height = round(HEIGHT * number / top, 2)
        x = round(index * place + place * (1 - _ROOM) / 2, 2)
        drawn.append(Bar(x, round(HEIGHT - height, 2), round(place * _ROOM, 2), height, label, number))
    return Graph(tuple(drawn), top, most)


def round_up(number: int) -> int:
    """The next number that is 1, 2 or 5 with noughts behind it."""
    power = 1
    while True:
        for step in (1, 2, 5):
            if number <= step * power:
                return step * power
        power *= 10
