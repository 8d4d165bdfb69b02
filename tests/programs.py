"""Mail programs that others wrote, from Debian: swaks, s-nail, and Postfix with its smtp-source and smtp-sink.

Where one is missing the tests that need it are skipped; where ``MAIL_PROGRAMS_ARE_NEEDED`` is set, as in CI, they fail.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.wiring import answers, free_port

PACKAGES = {
    "swaks": "swaks libnet-ssleay-perl",
    "s-nail": "s-nail",
    "curl": "curl",
    **dict.fromkeys(("postfix", "smtp-source", "smtp-sink"), "postfix"),
}
_PATIENCE = 60


def program(name: str) -> str:
    """Where it is; skips where it is not."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is not None:
        return found
    reason = f"{name} is not here: apt-get install -y --no-install-recommends {PACKAGES[name]}"
    if os.environ.get("MAIL_PROGRAMS_ARE_NEEDED"):
        pytest.fail(reason)
    pytest.skip(reason)


async def run(name: str, *arguments: object) -> tuple[int, str]:
    """Run it to its end: its exit code and all that it printed."""
    running = await asyncio.create_subprocess_exec(
        program(name), *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    async with asyncio.timeout(_PATIENCE):
        printed, _ = await running.communicate()
    assert running.returncode is not None
    return running.returncode, printed.decode("utf-8", "replace")


@asynccontextmanager
async def sink(*options: str) -> AsyncIterator[int]:
    """Postfix's sink for mail, on loopback; yields its port."""
    path, port = program("smtp-sink"), free_port()
    as_whom = ["-u", "nobody"] if os.geteuid() == 0 else []
    running = await asyncio.create_subprocess_exec(
        path, *as_whom, *options, f"127.0.0.1:{port}", "100", stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(30):
            await answers(port, running)
        yield port
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()
