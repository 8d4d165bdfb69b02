"""Programs of the provider's and of others that check our work, from npm: installed once, outside the repository.

They are kept under the virtual environment, or where ``NODE_PROGRAMS`` says. Without node and npm the tests that
need them are skipped; where ``NODE_IS_NEEDED`` is set, as in CI, they fail. ``python -m tests.node`` fetches them all,
so that no test waits for a registry.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

_FOLDER = Path(os.environ.get("NODE_PROGRAMS") or Path(sys.prefix) / "node")
_PATIENCE = 100
"""Seconds that npm may take, and a program that is run to its end."""


INSTALLED = {
    "@rowanmanning/feed-parser": "2.1.5",
    "@stoplight/prism-cli": "5.14.2",
    "axe-core": "4.14.1",
    "feedsmith": "3.0.1",
    "html-validate": "9.0.0",
    "mailauth": "7.1.0",
    "mailparser": "3.14.2",
    "nodemailer": "10.6.1",
    "sms-segments-calculator": "1.3.0",
    "smpp": "0.5.1",
    "smtp-server": "3.21.6",
}
UNPACKED = {"@twilio-alpha/mcp": "0.7.0"}
"""Which, by their versions."""


def installed(name: str) -> Path:
    """The ``node_modules`` folder with this package and all that it needs."""
    return _kept(name, INSTALLED[name], ["install", "--no-audit", "--no-fund", "--no-package-lock"]) / "node_modules"


def unpacked(name: str) -> Path:
    """The folder with this package's own files alone."""
    return _kept(name, UNPACKED[name], ["pack", "--silent"]) / "package"


def run(script: str, folder: Path, given: Any) -> Any:
    """What a script prints as JSON that gets ``given`` as JSON; it finds packages in ``folder``."""
    done = subprocess.run(
        ["node", "-e", script],
        cwd=folder.parent,
        input=json.dumps(given).encode(),
        stdout=subprocess.PIPE,
        check=True,
        timeout=_PATIENCE,
    )
    return json.loads(done.stdout)


def _npm(words: list[str], folder: Path) -> None:
    """Whatever holds a registry up for a moment fails no test."""
    for _ in range(2):
        if subprocess.run(["npm", *words], cwd=folder, check=False, timeout=_PATIENCE).returncode == 0:
            return
    subprocess.run(["npm", *words], cwd=folder, check=True, timeout=_PATIENCE)


def _kept(name: str, version: str, command: list[str]) -> Path:
    folder = _FOLDER / f"{command[0]}-{name.strip('@').replace('/', '-')}-{version}"
    if folder.exists():
        return folder
    if not (shutil.which("node") and shutil.which("npm")):
        reason = "node and npm are not installed (nodejs and npm on Debian)"
        if os.environ.get("NODE_IS_NEEDED"):
            pytest.fail(reason)
        pytest.skip(reason)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER) as made:
        new = Path(made) / "new"
        new.mkdir()
        (new / "package.json").write_text("{}")  # else npm looks for one in the folders above
        _npm([*command, f"{name}@{version}"], new)
        for archive in new.glob("*.tgz"):
            subprocess.run(["tar", "xzf", archive.name], cwd=new, check=True, timeout=_PATIENCE)
            archive.unlink()
        try:
            new.rename(folder)
        except OSError:  # another run was faster
            assert folder.exists()
    return folder


if __name__ == "__main__":
    for each in INSTALLED:
        installed(each)
    for each in UNPACKED:
        unpacked(each)
