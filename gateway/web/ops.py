"""Health and metrics, on a port of their own that only operators reach: /healthz, /readyz, /metrics."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import structlog
from aiohttp import web
from msgspec import Meta
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from store import timelines
from store.unit import Store

log = structlog.get_logger(__name__)

PATIENCE = 3.0
"""Seconds the database has to answer before the daemon calls itself not ready."""


@dataclass(frozen=True)
class OpsSettings:
    """``[ops]``: where health and metrics are served. Nobody but the operator should reach it."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8141


def build_ops_app(
    store: Store,
    *,
    starting: Callable[[], bool] = lambda: False,
    stopping: Callable[[], bool] = lambda: False,
    registry: CollectorRegistry = REGISTRY,
) -> web.Application:
    """``/healthz``: the loop turns. ``/readyz``: and the database answers, and we are neither ``starting``, so that all
    our doors are open, nor ``stopping``."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_request: web.Request) -> web.Response:
        if stopping():
            return web.Response(status=503, text="stopping\n")
        if starting():
            return web.Response(status=503, text="starting\n")
        try:
            async with asyncio.timeout(PATIENCE), store.reading() as reading:
                await timelines.newest_id(reading)
        except Exception as error:  # whatever keeps the database from answering keeps us from being ready
            log.warning("not ready", reason=type(error).__name__)
            return web.Response(status=503, text="the database does not answer\n")
        return web.Response(text="ready\n")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    return app
