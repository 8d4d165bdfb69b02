"""Pages and mails that tests looked at, kept for programs that are run over them by hand."""

import os
import re
from collections.abc import Mapping
from pathlib import Path


def keep(pages: Mapping[str, str]) -> None:
    """Write pages of HTML by their names into the folder that ``KEEP_PAGES`` names, if it names one."""
    if not os.environ.get("KEEP_PAGES"):
        return
    folder = Path(os.environ["KEEP_PAGES"])
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, html) in enumerate(pages.items(), 1):
        short = re.sub(r"\W+", "-", name).strip("-")[:60]
        (folder / f"{short or 'front'}-{number}.html").write_text(html, encoding="utf-8")
