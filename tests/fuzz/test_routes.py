"""Any path, query and header on every route: an answer within bounds, never a fault of ours, and the next one works.

Paths are percent-encoded, as raw bytes beyond ASCII are refused before any route is looked for.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.service.site import Site
from gateway.web.app import WebDeps, build_app
from gateway.web.listening import listening
from gateway.web.ops import build_ops_app
from store.unit import Store
from tests.fuzz.trying import Headers, ask, bounded, repeated, tried
from tests.web.village import NOW, Nobody, Village

ANY_BYTES = st.binary(max_size=20).map(lambda data: quote_from_bytes(data, safe="!$&'()*+,;=:@|^{}<>\"`").encode())
ORDINARY = st.sampled_from(
    b"alice bob carol ALICE nobody fog caf%C3%A9 1 2 3 4 5 0 999999999999999999 rss atom json".split()
)
WORDS = st.one_of(
    ORDINARY,
    ORDINARY,
    st.sampled_from(b"birdwire.css bird.svg .. . - _ %2e%2e %00 %FF %ED%A0%80 %2F %5C %25 %0D%0A a.b @ # ?".split()),
    st.text(max_size=20).map(lambda text: quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="").encode()),
    ANY_BYTES,
    repeated((b"9", 18), (b"9", 2000), (b"a", 2000), (b"%CC%81", 300), (b"../", 500), (b"%F0%9F%90%A6", 100)),
)
FITTING = {
    "name": st.sampled_from([b"alice", b"bob", b"carol", b"Alice", b"a" * 15]),
    "post": st.integers(0, 6).map(lambda number: b"%d" % number),
    "tag": st.sampled_from([b"fog", b"caf%C3%A9", b"FOG"]),
    "format": st.sampled_from([b"rss", b"atom", b"json"]),
    "file": st.sampled_from([b"birdwire.css", b"bird.svg"]),
}
"""What stands in an address that somebody really asks for."""

KEYS = st.sampled_from(b"before replies titles v q page limit a %FF".split()) | ANY_BYTES
QUERIES = st.lists(st.tuples(KEYS, WORDS | st.just(b"")), max_size=4).map(
    lambda pairs: b"?" * bool(pairs) + b"&".join(b"=".join(pair) for pair in pairs)
)
QUERIES |= st.just(b"")
HEADERS = st.just([]) | st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(b"If-None-Match If-Modified-Since Accept-Encoding Accept Accept-Language Cookie".split()),
            st.sampled_from(
                [
                    b"*",
                    b'"x"',
                    b'W/"x", "y"',
                    b'"',
                    b"x",
                    b"",
                    b"\xff\xfe",
                    b"gzip;q=0",
                    b"gzip;q=x;;=",
                    b"*;q=1e999",
                    b"Sun, 22 Nov 2026 10:00:00 GMT",
                    b"Sun, 99 Nov 9999 99:99:99 GMT",
                    b"0",
                    b"a=b; a=\xff",
                ]
            ),
        ),
        st.tuples(
            st.sampled_from(b"Host X-Forwarded-Host X-Forwarded-For Origin Referer Range Content-Type".split()),
            st.sampled_from(
                [b"evil.example", b"a:b", b"[::1", b"\xff", b"x" * 5000, b"", b"@", b"multipart/", b"bytes=0-"]
            ),
        ),
    ),
    max_size=3,
    unique_by=lambda pair: pair[0],
)
METHODS = st.sampled_from([b""] * 6 + [b"HEAD", b"OPTIONS", b"POST", b"PUT", b"TRACE", b"PROPFIND"])
BODIES = st.sampled_from([b""] * 5 + [b"List-Unsubscribe=One-Click", b"\xff", b"x" * 70_000])


@dataclass
class Sites:
    """Where the village is served, by name; every path that is, with ``{...}`` for what may vary; the secret words that
    open some of them; and what was logged."""

    ports: dict[str, int]
    paths: list[tuple[str, bytes, str]]
    tokens: list[bytes]
    logged: list[Any]

    def nothing_went_wrong(self) -> None:
        wrong = [entry for entry in self.logged if entry["log_level"] in ("error", "critical")]
        self.logged.clear()
        assert not wrong


@pytest.fixture
async def sites(store: Store, site: Site) -> AsyncIterator[Sites]:
    """A public site, a private one, and the port that operators look at."""
    village, nobody = Village(store), Nobody()
    for name in ("alice", "bob"):
        await village.person(name)
    await village.person("carol", protected=True)
    await village.follows("bob", "alice")
    first = await village.says("alice", "Fog over the river #fog #café http://example.org/?a=b&c")
    await village.says("bob", "@alice yes <b>", reply_to_id=first)
    await village.repeats("bob", first)
    await village.says("carol", "only for friends #fog")
    await village.deletes(await village.says("alice", "not this"))
    deps = partial(WebDeps, store, intake=nobody, record=nobody.record, now=lambda: NOW)
    apps = {
        "public": build_app(deps(site=site)),
        "private": build_app(deps(site=replace(site, private=True))),
        "ops": build_ops_app(store),
    }
    with capture_logs() as logged:
        async with AsyncExitStack() as open_now:
            ports = {
                name: (await open_now.enter_async_context(listening(app, "127.0.0.1", 0)))[1]
                for name, app in apps.items()
            }
            tokens = [token.make(site.key, purpose, n).encode() for purpose in Purpose for n in (1, 3, 2**62)]
            yield Sites(ports, [path for name, app in apps.items() for path in paths_of(name, app)], tokens, logged)


def paths_of(name: str, app: web.Application) -> list[tuple[str, bytes, str]]:
    """Every route, as (site, method, path), but for the streams: they do not end by themselves."""
    return [
        (name, route.method.encode(), route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD" and not route.resource.canonical.endswith("/events")
    ]


@pytest.mark.parametrize("store_url", ["sqlite", "postgresql"], indirect=True)
@tried(250, 10_000)
@given(data=st.data(), query=QUERIES, headers=HEADERS, method=METHODS, body=BODIES)
async def test_any_request_is_answered_and_the_next_one_too(
    sites: Sites, data: st.DataObject, query: bytes, headers: Headers, method: bytes, body: bytes
) -> None:
    name, own_method, path = data.draw(st.sampled_from(sites.paths))
    first, *others = path.split("{")
    target = first.encode()
    for other in others:
        variable, _, fixed = other.partition("}")
        fitting = FITTING.get(variable, st.sampled_from(sites.tokens))
        target += data.draw(st.one_of(fitting, fitting, WORDS)) + fixed.encode()
    with bounded():
        line = b"%s %s%s HTTP/1.1" % (method or own_method, target, query)
        answer = await ask(sites.ports[name], line, headers, body)
    assert 200 <= answer.status < 500, answer
    assert (await ask(sites.ports["public"], b"GET /@alice HTTP/1.1", [])).status == 200
    sites.nothing_went_wrong()
