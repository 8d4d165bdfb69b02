"""Puts what a benchmark showed into docs/performance.md: its tables between two marks, and a picture beside them.

    <!-- drain -->
    ...
    <!-- end of drain -->

What stands outside the marks is written by hand and stays. Pictures are drawn with matplotlib, which
``requirements-bench.lock`` brings.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.table import Bars, Lines

_DOCS = Path(__file__).parent.parent / "docs"
_LONGEST_NAME = 44


def record(name: str, tables: str, drawings: Sequence[Bars | Lines]) -> None:
    """Replace the section ``name``; SystemExit when docs/performance.md has no marks for it."""
    page = _DOCS / "performance.md"
    first, last = f"<!-- {name} -->", f"<!-- end of {name} -->"
    found = re.search(f"{re.escape(first)}.*?{re.escape(last)}", page.read_text(), re.DOTALL)
    if found is None:
        raise SystemExit(f"docs/performance.md has no place for this: put {first} and {last} into it")
    picture = f"performance-{name}.svg"
    _draw(drawings, _DOCS / "pictures" / picture)
    section = f"{first}\n{tables}\n\n![The same as a picture](pictures/{picture})\n{last}"
    page.write_text(page.read_text().replace(found.group(), section))


def _draw(drawings: Sequence[Bars | Lines], file: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    style = {"svg.fonttype": "none", "svg.hashsalt": file.stem, "font.family": "sans-serif", "font.size": 9}
    heights = [0.9 + 0.32 * len(each.rows) if isinstance(each, Bars) else 3.4 for each in drawings]
    with plt.rc_context(style):
        figure, places = plt.subplots(
            len(drawings), 1, figsize=(8, sum(heights)), height_ratios=heights, squeeze=False, layout="constrained"
        )
        for each, (place,) in zip(drawings, places, strict=True):
            place.set_title(each.title, loc="left", fontsize=10)
            if isinstance(each, Bars):
                _draw_bars(each, place)
            else:
                _draw_lines(each, place)
            for side in ("top", "right"):
                place.spines[side].set_visible(False)
        figure.savefig(file, metadata={"Date": None})
        plt.close(figure)


def _draw_bars(bars: Bars, place: Any) -> None:
    names = [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name, *_ in bars.rows]
    middles = [middle for *_, middle, _ in bars.rows]
    below = [middle - low for _, low, middle, _ in bars.rows]
    above = [high - middle for *_, middle, high in bars.rows]
    place.barh(names, middles, xerr=(below, above), color="#7a9cc6", ecolor="#333333", height=0.6)
    place.invert_yaxis()
    place.set_xlabel(bars.unit)


def _draw_lines(lines: Lines, place: Any) -> None:
    for name, points in lines.lines.items():
        place.plot([x for x, _ in points], [y for _, y in points], marker="o", markersize=4, label=name)
    place.set_xscale("log")
    place.set_yscale("log")
    place.set_xlabel(lines.x)
    place.set_ylabel(lines.y)
    place.grid(alpha=0.3)
    place.legend(frameon=False)
