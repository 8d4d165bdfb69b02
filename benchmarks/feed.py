"""A feed that did not change, asked for again and again: the whole of it, and a 304 to those who have it.

A whole daemon in a process of its own, beside nginx with one worker that serves the very same bytes as a file, and an
aiohttp app that does nothing but hand them out. All three answer wrk. What an answer costs of each one's processor
stands beside the rate: on a machine with other work it says more. Needs the Debian packages nginx-light and wrk.

    python -m benchmarks.feed
"""

import asyncio
import os
import re
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import aiohttp
import psutil

from benchmarks.daemon import answers, free_port, process, running
from benchmarks.database import choose_databases, database, opened
from benchmarks.people import settle_in, write_post
from benchmarks.table import finish, options, show
from gateway.daemon import loop_factory, now
from gateway.service.reading import PAGE

FEED = "@p1.atom"
NGINX, BARE, OWN = "nginx", "bare aiohttp", "Birdwire"
WANTED = {200: "0.2 or more", 304: "0.3 or more"}
_CONFIG = """
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/errors;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    types {{ application/atom+xml atom; }}
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}/files; }}
}}
"""


class Server(NamedTuple):
    """Who answers: where it listens, and its process's number."""

    port: int
    pid: int

    def worked(self) -> float:
        """Seconds of the processor that it and its children have had."""
        main = psutil.Process(self.pid)
        times = [each.cpu_times() for each in (main, *main.children())]
        return sum(each.user + each.system for each in times)


@asynccontextmanager
async def nginx(folder: Path) -> AsyncIterator[Server]:
    """nginx over ``folder``/files."""
    port, config = free_port(), folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    config.write_text(_CONFIG.format(folder=folder, port=port, user=user))
    child = await asyncio.create_subprocess_exec(
        _program("nginx"), "-p", str(folder), "-c", str(config), "-e", str(folder / "errors")
    )
    try:
        async with asyncio.timeout(10):
            while not await answers(port):  # another process gives no event to wait for
                assert child.returncode is None, "nginx ended at once"
                await asyncio.sleep(0.05)
        yield Server(port, child.pid)
    finally:
        child.terminate()
        await child.wait()


async def fetch(port: int, having: str = "") -> tuple[int, str, bytes]:
    """The feed from whoever listens there: status, ETag and bytes."""
    headers = {"If-None-Match": having} if having else {}
    async with aiohttp.request(
        "GET", f"http://127.0.0.1:{port}/{FEED}", headers={"Accept-Encoding": "identity", **headers}
    ) as answer:
        return answer.status, answer.headers["ETag"], await answer.read()


async def rate(port: int, seconds: int, connections: int, having: str = "") -> float:
    """Answers per second, as wrk counts them."""
    headers = ["-H", f"If-None-Match: {having}"] if having else []
    child = await asyncio.create_subprocess_exec(
        _program("wrk"),
        *("-t1", f"-c{connections}", f"-d{seconds}s", *headers, f"http://127.0.0.1:{port}/{FEED}"),
        stdout=asyncio.subprocess.PIPE,
    )
    said = (await child.communicate())[0].decode()
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    assert found is not None, said
    assert "Non-2xx" not in said, said
    assert "Socket errors" not in said, said
    return float(found[1])


async def measure(url: str, kind: str, seconds: int, connections: int, runs: int) -> None:
    """All three in turn, ``runs`` times, for each kind of answer."""
    async with opened(url) as store:
        await settle_in(store, 50)
        for each in range(PAGE):
            await write_post(store, now() - timedelta(minutes=PAGE - each))
    with TemporaryDirectory(prefix="birdwire-bench-") as name:
        folder = Path(name)
        file = folder / "files" / FEED
        file.parent.mkdir()
        bare_port = free_port()
        async with running(url, pace=1) as daemon:
            file.write_bytes((await fetch(daemon.port))[2])
            async with (
                nginx(folder) as files,
                process("benchmarks.bare_feed", str(bare_port), str(file), answering=bare_port) as bare,
            ):
                servers = {NGINX: files, BARE: Server(bare_port, bare), OWN: Server(daemon.port, daemon.pid)}
                for status in (200, 304):
                    what = f"A feed, {file.stat().st_size:,} bytes" if status == 200 else "The same, 304"
                    rates: dict[str, list[float]] = defaultdict(list)
                    costs: dict[str, list[float]] = defaultdict(list)
                    for _ in range(runs):
                        for who, server in servers.items():
                            having = "" if status == 200 else (await fetch(server.port))[1]
                            got, _, body = await fetch(server.port, having)
                            assert (got, body) == (status, b"" if having else file.read_bytes()), who
                            before = server.worked()
                            rates[who].append(await rate(server.port, seconds, connections, having))
                            costs[who].append(1e6 * (server.worked() - before) / (rates[who][-1] * seconds))
                    show(f"{what}, {kind}", "answers/s", rates, limit=NGINX, wanted={OWN: WANTED[status]})
                    show(f"{what}: what it costs of the processor, {kind}", "µs", costs, limit=NGINX)


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        raise SystemExit(f"{name} is needed: apt-get install nginx-light wrk")
    return found


def main() -> None:
    parser = options(__doc__, seconds=2, connections=32, runs=5)
    choose_databases(parser)
    chosen = parser.parse_args()
    for kind in chosen.on:
        with database(kind) as url, asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(measure(url, kind, chosen.seconds, chosen.connections, chosen.runs))
    finish("feed", chosen)


if __name__ == "__main__":
    main()
