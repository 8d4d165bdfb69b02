"""Secrets of ours in somebody's words are kept back, and their words are not touched."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import token, unsubscribe
from gateway.domain.own_secrets import without_own_secrets
from gateway.domain.token import Purpose

KEY = b"k" * 32
DOMAIN, URL = "mail.town.example", "https://town.example"
TOKEN = token.make(KEY, Purpose.REPLY, 31)
LAST = token.make(KEY, Purpose.REPLY, 2**63 - 1)
STOPS = [
    unsubscribe.make(KEY, stop)
    for stop in (
        unsubscribe.AllMail(2**63 - 1),
        unsubscribe.AuthorsMail(12, 3),
        unsubscribe.KeysMail(12, "a" * 8),
        unsubscribe.DeliverysMail(31),
    )
]


def kept(text: str) -> str:
    return without_own_secrets(text, DOMAIN, URL)


@pytest.mark.parametrize("secret", [TOKEN, LAST, TOKEN.upper(), *STOPS])
@pytest.mark.parametrize("prefix", ["post", "reply", "bounce", "unsubscribe", "REPLY"])
def test_secret_addresses_are_not_shown(prefix: str, secret: str) -> None:
    for form in ("{}", "<{}>", "Answer: {}.", "mailto:{}?subject=x", "({})", "one {} and {} two"):
        said = form.replace("{}", f"{prefix}+{secret}@{DOMAIN}")
        assert kept(said) == form.replace("{}", f"{prefix}+…@{DOMAIN}")


@pytest.mark.parametrize("secret", [TOKEN, *STOPS])
@pytest.mark.parametrize(
    "path", ["unsubscribe/{}", "feeds/{}/home.rss", "login/{}", "signup/{}", "settings/mailbox/{}"]
)
def test_secret_links_are_not_shown(path: str, secret: str) -> None:
    link = f"{URL}/{path}"
    assert kept(f"see {link.format(secret)}, or not") == f"see {link.format('…')}, or not"


@pytest.mark.parametrize("path", ["unsubscribe/{}", "feeds/{}/home.rss", "settings/mailbox/{}"])
def test_secret_links_are_known_however_programs_write_them(path: str) -> None:
    bare = f"town.example/{path}"
    for form in (
        bare,
        f"see {bare}.",
        f"HTTP://{bare}",
        f"https://filter.example/?url={quote(f'{URL}/', safe='')}{quote(path, safe='{}')}&data=1",
        f"https://filter.example/{URL}/{path}",
    ):
        assert kept(form.format(TOKEN)) == form.format("…")


def test_secret_addresses_are_known_within_links_too() -> None:
    form = "https://filter.example/?url=mailto%3Areply%2B{}%40mail.town.example%3Fsubject"
    assert kept(form.format(TOKEN)) == form.format("…")


def test_a_site_on_a_port_or_below_a_path_has_its_links_known() -> None:
    for url in ("http://127.0.0.1:8140", "https://town.example/birds"):
        assert without_own_secrets(f"{url}/login/{TOKEN}", DOMAIN, url) == f"{url}/login/…"


@pytest.mark.parametrize(
    "text",
    [
        "1 + 1 = 2, and/or 3",
        f"write to post@{DOMAIN} or help@{DOMAIN}",
        f"post+{TOKEN}@other.example",
        f"post+short@{DOMAIN}",
        f"compost+{TOKEN}@{DOMAIN}x",
        f"https://other.example/unsubscribe/{TOKEN}",
        f"https://my-town.example/unsubscribe/{TOKEN} https://my.town.example/unsubscribe/{TOKEN}",
        f"{URL}/login?next=/settings/mailbox {URL}/login/password 100% {URL}/@alice/1234567890123456789",
        f"{URL}/@alice/7 {URL}/tags/tea {URL}/login {URL}/feeds {URL}/signup?invite=x",
    ],
)
def test_all_else_stays_as_it_is(text: str) -> None:
    assert kept(text) == text


@given(
    st.lists(st.sampled_from([f"reply+{TOKEN}@{DOMAIN}", f"{URL}/unsubscribe/{STOPS[0]}", " ", "\n", "+", "/", "x"]))
)
def test_nothing_secret_is_left_however_it_stands(pieces: list[str]) -> None:
    shown = kept("".join(f" {piece} " for piece in pieces))
    assert TOKEN not in shown
    assert STOPS[0] not in shown
