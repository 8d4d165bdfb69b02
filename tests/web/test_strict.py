"""Browsers are told to come by https only: by every answer of a site that is there, and by none of another."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest

from gateway.service.site import Site
from gateway.web import strict
from tests.web.browsing import visited
from tests.web.village import Village

HALF_A_YEAR = timedelta(days=180)
ANSWERS = {
    "/": 200,
    "/home": 303,
    "/@nobody": 404,
    "/search?q=hello": 200,
    "/public.rss": 200,
    "/static/bird.svg": 200,
    "/wall/talk/events": 200,
    "/nothing/here": 404,
}


@asynccontextmanager
async def answer_of(session: aiohttp.ClientSession, path: str, **headers: str) -> AsyncIterator[aiohttp.ClientResponse]:
    async with session.get(path, allow_redirects=False, headers=headers) as answer:
        yield answer


@pytest.mark.parametrize("path", ANSWERS)
async def test_every_answer_of_a_site_with_tls_says_so(village: Village, site: Site, path: str) -> None:
    async with visited(village.store, site, hsts=HALF_A_YEAR) as session, answer_of(session, path) as answer:
        assert answer.status == ANSWERS[path]
        assert answer.headers.getall(strict.NAME) == ["max-age=15552000"]


async def test_what_has_not_changed_says_so_too(village: Village, site: Site) -> None:
    async with visited(village.store, site, hsts=HALF_A_YEAR) as session:
        async with answer_of(session, "/public.rss") as answer:
            etag = answer.headers["ETag"]
        async with answer_of(session, "/public.rss", **{"If-None-Match": etag}) as answer:
            assert (answer.status, answer.headers[strict.NAME]) == (304, "max-age=15552000")


@pytest.mark.parametrize("path", ANSWERS)
async def test_no_answer_does_that_travels_by_plain_http(village: Village, site: Site, path: str) -> None:
    plain = replace(site, public_url="http://birds.example")
    async with visited(village.store, plain, hsts=HALF_A_YEAR) as session, answer_of(session, path) as answer:
        assert strict.NAME not in answer.headers
    async with (
        visited(village.store, site, hsts=HALF_A_YEAR) as session,
        answer_of(session, path, **{"X-Forwarded-Proto": "http"}) as answer,
    ):
        assert strict.NAME not in answer.headers


async def test_a_proxy_that_says_https_changes_nothing(village: Village, site: Site) -> None:
    async with (
        visited(village.store, site, hsts=HALF_A_YEAR) as session,
        answer_of(session, "/", **{"X-Forwarded-Proto": "https, http"}) as answer,
    ):
        assert strict.NAME in answer.headers


@pytest.mark.parametrize("path", ANSWERS)
async def test_it_can_be_turned_off(village: Village, site: Site, path: str) -> None:
    async with visited(village.store, site, hsts=timedelta(0)) as session, answer_of(session, path) as answer:
        assert strict.NAME not in answer.headers


async def test_webhooks_are_for_machines(village: Village, site: Site) -> None:
    async with visited(village.store, site, hsts=HALF_A_YEAR) as session, answer_of(session, "/hooks/no") as answer:
        assert strict.NAME not in answer.headers
