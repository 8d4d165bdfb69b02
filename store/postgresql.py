"""Opens PostgreSQL over asyncpg.

It plans every statement anew. A plan it keeps for a table that was empty reads the whole table, and goes on doing so
when a celebrity's post has put a hundred thousand rows into it. Nothing waits for a silent network or a stuck lock for
ever: connecting, each statement, each lock and each idle transaction have their limits.
"""

import asyncio
import socket
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import URL, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT_TIMEOUT = 10.0
"""Seconds that PostgreSQL has to let us in."""

_SETTINGS = {
    "application_name": "birdwire",
    "jit": "off",
    "plan_cache_mode": "force_custom_plan",
    "random_page_cost": "1.1",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "60s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
"""What the server is told of each connection. It plans as for a disk without moving parts: else it reads a table of
twenty thousand rows to find five hundred. The last ones free the locks of a daemon whose machine is gone."""

_KEEPALIVE = (("SO_KEEPALIVE", 1), ("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""The same on our side, where the system offers it: a server that is gone is noticed after a minute."""


def open_engine(url: URL, patience: float | None, *, durable: bool = True, **pool: Any) -> AsyncEngine:
    """One pool of connections; ``pool`` is SQLAlchemy's. ``patience``: seconds it has for one statement."""
    engine = create_async_engine(
        url,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT,
            "command_timeout": patience,
            "connection_class": _Watched,
            "server_settings": _SETTINGS if durable else {**_SETTINGS, "synchronous_commit": "off"},
        },
        **pool,
    )
    event.listen(engine.sync_engine, "handle_error", _give_up_the_silent)
    return engine


class _Watched(asyncpg.Connection):  # type: ignore[misc]  # it has no types
    """A connection that notices when the other side is gone without a word."""

    __slots__ = ()

    def __init__(self, protocol: Any, transport: asyncio.BaseTransport, *settings: Any) -> None:
        super().__init__(protocol, transport, *settings)
        line: socket.socket = transport.get_extra_info("socket")
        if line.family == socket.AF_UNIX:
            return
        for name, value in _KEEPALIVE:
            level = socket.SOL_SOCKET if name.startswith("SO_") else socket.IPPROTO_TCP
            if hasattr(socket, name):
                line.setsockopt(level, getattr(socket, name), value)


def _give_up_the_silent(context: ExceptionContext) -> None:
    """A connection that did not answer in time is thrown away: a rollback on it would wait as long again."""
    if isinstance(context.original_exception, TimeoutError):
        context.is_disconnect = True
