"""What the benchmarks print: tables in Markdown, medians of several runs beside the bare limit of the same run.

show(...), show_facts(...), curve(...)     print, and remember
finish("drain", chosen)                    with --write, put all that was shown into docs/performance.md
"""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import psutil
import structlog

MEGABYTE = 1024 * 1024

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Bars:
    """A table's medians and ranges as (name, lowest, median, highest), to be drawn."""

    title: str
    unit: str
    rows: list[tuple[str, float, float, float]]


@dataclass(frozen=True)
class Lines:
    """A curve for each name, to be drawn; ``x`` and ``y`` say what the axes count."""

    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]


_words: list[str] = []
_drawings: list[Bars | Lines] = []


def show(
    title: str,
    unit: str,
    rows: Mapping[str, Sequence[float]],
    *,
    limit: str,
    wanted: Mapping[str, str] | None = None,
) -> None:
    """Print one row for each thing measured: the median of its runs, their range, and how many times the median of
    the row called ``limit`` it is. ``unit`` says what the figures count, e.g. ``rows/s``; ``wanted`` what a row should
    reach, e.g. ``{"Birdwire": "0.5 or more"}``."""
    bare = median(rows[limit])
    _say(f"\n**{title}**\n")
    _row("", f"median, {unit}", "lowest to highest", "of the bare limit", *(["wanted"] if wanted else []))
    _row("---", "---:", "---:", "---:", *(["---:"] if wanted else []))
    for name, runs in rows.items():
        share = "1" if name == limit else f"{median(runs) / bare:.2f}"
        aim = [wanted.get(name, "")] if wanted else []
        _row(name, number(median(runs)), f"{number(min(runs))} to {number(max(runs))}", share, *aim)
    _drawings.append(Bars(title, unit, [(name, min(runs), median(runs), max(runs)) for name, runs in rows.items()]))


def show_facts(title: str, facts: Mapping[str, str]) -> None:
    """Print what has no limit to stand beside: a name and a value in each row."""
    _say(f"\n**{title}**\n")
    _row("", "")
    _row("---", "---:")
    for name, value in facts.items():
        _row(name, value)


def curve(title: str, *, x: str, y: str, lines: Mapping[str, Points]) -> None:
    """Print a column for each of ``lines``, a row for each ``x``; in the picture both axes are logarithmic."""
    _say(f"\n**{title}**\n")
    _row(x, *(f"{name}, {y}" for name in lines))
    _row("---:", *("---:" for _ in lines))
    values = {name: dict(points) for name, points in lines.items()}
    for at in sorted({at for points in values.values() for at in points}):
        _row(f"{at:,.0f}", *(number(points[at]) if at in points else "" for points in values.values()))
    _drawings.append(Lines(title, x, y, {name: list(points) for name, points in lines.items()}))


def finish(name: str, chosen: argparse.Namespace) -> None:
    """With ``--write``, all that was shown becomes the section of this name in docs/performance.md, with a picture."""
    if chosen.write:
        from benchmarks.record import record  # what it draws with is installed for this alone

        record(name, "\n".join(_words).strip("\n"), _drawings)


def number(value: float) -> str:
    """Three digits that matter, thousands set apart."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 1:
        return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
    return f"{value:.3g}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` (0 to 1) of the values do not exceed."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def memory(pid: int | None = None) -> float:
    """What a process, or this one, holds of the machine's memory, in megabytes."""
    return float(psutil.Process(pid).memory_info().rss) / MEGABYTE


def options(description: str | None, **numbers: int) -> argparse.ArgumentParser:
    """A command line with ``--NAME N`` for each number and its default. Nothing is logged meanwhile."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    parser = argparse.ArgumentParser(
        description=(description or "").split("\n\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    for name, default in numbers.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default, metavar="N", help="how many")
    parser.add_argument("--write", action="store_true", help="put the tables and a picture into docs/performance.md")
    return parser


def _row(*cells: str) -> None:
    _say(f"| {' | '.join(cells)} |")


def _say(words: str) -> None:
    _words.append(words)
    print(words, flush=True)
