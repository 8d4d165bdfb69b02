"""Authors read words for what did not arrive, and the code beside them, whatever it was."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import mail_codes, provider_codes, smpp, why_not
from gateway.domain.delivery import Bounced
from gateway.domain.reason import UNWANTED, told_to_author
from gateway.domain.why_not import Why
from gateway.languages import languages

A_CODE = re.compile(r"\d{3}|\d\.\d|0x")


@pytest.mark.parametrize(
    ("reason", "words", "code"),
    [
        ("filtered as unwanted (30007)", "the provider or a carrier filtered it out as unwanted", "30007"),
        ("given up after 3 attempts: the carrier is congested (30017)", why_not.TOO_BUSY, "30017"),
        ("the number is not registered for A2P 10DLC (30034)", why_not.OURS, "30034"),
        ("a code that is not known here (39999)", why_not.NOT_KNOWN_HERE, "39999"),
        ("550 5.1.1 no mailbox bob here", "there is no such mailbox, or not any more", "550 5.1.1"),
        ("550 no such user", "there is no such mailbox, or not any more", "550"),
        ("552 5.2.2 full", "the mailbox is full", "552 5.2.2"),
        ("5.4.310 no domain", "nothing at that address takes mail", "5.4.310"),
        ("554 5.7.1 spam", "the mail server there refused it by its own rules", "554 5.7.1"),
        ("550 5.7.26 not authenticated", why_not.OURS, "550 5.7.26"),
        (
            "given up at the age limit of 2 days, 0:00:00: 451 4.7.1 try again",
            "the mail server there did not take it each time that it was tried",
            "451 4.7.1",
        ),
        ("given up after 12 attempts: the relay cannot be reached: refused", why_not.TRIED, ""),
        ("given up at the age limit of 2 days, 0:00:00: the provider is down", why_not.TRIED, ""),
        ("Kannel: no such route", why_not.NOT_TAKEN, ""),
        ("the post was deleted", "the post was deleted", ""),
        ("muted", UNWANTED, ""),
        ("something that was thought of later: and more", "something that was thought of later", ""),
        ("", "", ""),
    ],
)
def test_an_author_reads_words_and_the_code_beside_them(reason: str, words: str, code: str) -> None:
    assert why_not.why_not(told_to_author(reason)) == Why(words, code)


@pytest.mark.parametrize("code", sorted(provider_codes.CODES))
def test_every_code_of_the_providers_has_words_in_every_language(code: int) -> None:
    why = why_not.why_not(told_to_author(provider_codes.reason(code)))
    assert why.code == str(code) or why.words == UNWANTED
    assert said(why.words)


@pytest.mark.parametrize("status", sorted(mail_codes.CODES))
def test_every_status_of_a_mail_has_words_in_every_language(status: str) -> None:
    whole = status if status.count(".") == 2 else f"{status}.99"
    why = why_not.why_not(told_to_author(f"550 {whole} whatever the server says"))
    assert why.code == f"550 {whole}"
    assert said(why.words)


@pytest.mark.parametrize("status", [0x01, 0x02, 0x0B, 0x43, 0x65, 0x66, 0xC2])
def test_what_a_carrier_refuses_for_good_has_words_in_every_language(status: int) -> None:
    refused = smpp.refusal(status)
    assert isinstance(refused, Bounced)
    why = why_not.why_not(told_to_author(refused.reason))
    assert why.code == f"{status:#x}"
    assert said(why.words)


@given(st.from_regex(r"\d{5}|[245]\d\d|[245]\.\d{1,3}\.\d{1,3}|[245]\d\d [245]\.\d{1,3}\.\d{1,3}", fullmatch=True))
def test_no_code_stands_without_words(kind: str) -> None:
    why = why_not.why_not(kind)
    assert why.code == kind
    assert why.words
    assert not A_CODE.search(why.words)


def said(words: str) -> bool:
    """Whether every language but English has words of its own for these."""
    others = [each for each in languages("en").by_code.values() if each.code != "en"]
    assert others
    return all(language.gettext(words) != words for language in others)
