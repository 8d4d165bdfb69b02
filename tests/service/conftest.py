"""A town of people with phones, on both databases."""

import pytest

from gateway.service.site import Site
from store.unit import Store
from tests.service.conversing import Town


@pytest.fixture
def town(store: Store, site: Site) -> Town:
    return Town(store, site)
