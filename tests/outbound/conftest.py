"""A certificate for servers that take our mail, and a town for workers."""

from pathlib import Path

import pytest
from sqlalchemy import insert

from gateway.service.site import Site
from store import addresses, routes
from store.schema import accounts, follows, posts
from store.unit import Store
from tests.outbound.relays import make_certificate
from tests.outbound.working import AUTHOR, PEOPLE, Town, now, phone_of


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a self-signed certificate for 127.0.0.1, ``cert.pem``, and its ``key.pem``."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def town(store: Store, site: Site) -> Town:
    async with store.unit() as unit:
        mail, sms = await routes.ensure(unit, ["+15550009999"])
        names = [{"id": n, "name": f"p{n}", "created_at": now()} for n in (AUTHOR, *PEOPLE)]
        await unit.execute(insert(accounts), names)
        for person in PEOPLE:
            for kind, address in (("sms", phone_of(person)), ("email", f"p{person}@mail.example")):
                row = await addresses.find_or_add(unit, kind, address, now=now())
                await addresses.attach(unit, row.id, person, proven_at=now())
        edges = [
            {"followee_id": AUTHOR, "follower_id": p, "state": "accepted", "texts": True, "created_at": now()}
            for p in PEOPLE
        ]
        await unit.execute(insert(follows), edges)
        written = [
            {"id": n, "author_id": AUTHOR, "kind": "post", "text": f"post {n}", "source": "sms", "created_at": now()}
            for n in range(1, 8)
        ]
        await unit.execute(insert(posts), written)
    return Town(store, site, mail, sms)
