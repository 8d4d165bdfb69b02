"""What the benchmarks print: tables in Markdown, medians of several runs beside the bare limit of the same run."""

import argparse
import logging
from collections.abc import Mapping, Sequence
from statistics import median

import psutil
import structlog

MEGABYTE = 1024 * 1024


def show(title: str, unit: str, rows: Mapping[str, Sequence[float]], *, limit: str) -> None:
    """Print one row for each thing measured: the median of its runs, their range, and how many times the median of
    the row called ``limit`` it is. ``unit`` says what the figures count, e.g. ``rows/s``."""
    bare = median(rows[limit])
    print(f"\n**{title}**\n")
    _print_row("", f"median, {unit}", "lowest to highest", "of the bare limit")
    _print_row("---", "---:", "---:", "---:")
    for name, runs in rows.items():
        share = "1" if name == limit else f"{median(runs) / bare:.2f}"
        _print_row(name, number(median(runs)), f"{number(min(runs))} to {number(max(runs))}", share)


def show_facts(title: str, facts: Mapping[str, str]) -> None:
    """Print what has no limit to stand beside: a name and a value in each row."""
    print(f"\n**{title}**\n")
    _print_row("", "")
    _print_row("---", "---:")
    for name, value in facts.items():
        _print_row(name, value)


def number(value: float) -> str:
    """Three digits that matter, thousands set apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


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
    return parser


def _print_row(*cells: str) -> None:
    print("|", " | ".join(cells), "|", flush=True)
