"""What is counted together is few, and quotes nobody."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import provider_codes
from gateway.domain.reason import CHOSEN, LONGEST, OF_SERVERS, OUTWARD, UNWANTED, kind_of, said, told_to_author
from gateway.domain.speech import Speaking
from gateway.languages import languages


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("", ""),
        ("the phone is off or out of reach (30003)", "30003"),
        ("given up after 12 attempts: the provider had an internal error (20500)", "20500"),
        ("550 5.1.1 no mailbox bob@example.org here", "550 5.1.1"),
        ("550 no such user, ask for 551 instead", "550"),
        ("552", "552"),
        ("5.2.2 mailbox of bob is full", "5.2.2"),
        ("given up at the age limit of 2 days, 0:00:00: 451 4.7.1 try again", "451 4.7.1"),
        ("given up after 12 attempts: the relay cannot be reached: refused", "given up after 12 attempts"),
        ("one has blocked the other", "one has blocked the other"),
        ("250000 things happened", "250000 things happened"),
    ],
)
def test_a_reason_is_counted_under_its_code_or_our_own_words(reason: str, kind: str) -> None:
    assert kind_of(reason) == kind


@pytest.mark.parametrize("code", sorted(provider_codes.CODES))
def test_every_code_of_the_providers_is_a_kind_of_its_own(code: int) -> None:
    assert kind_of(provider_codes.reason(code)) == str(code)


@given(st.text())
def test_a_kind_is_short(reason: str) -> None:
    assert len(kind_of(reason)) <= LONGEST


# ---- what authors are told

ROOT = Path(__file__).parent.parent.parent
DROPS = {"drop_between", "drop_caused", "drop_for_account", "drop_for_address", "drop_texts_but_answers", "drop_post"}


def reasons_in(*files: Path) -> Iterator[tuple[str, bool]]:
    """The reasons that stand in the code: what an objection returns, and why something is dropped; whether each is
    marked, as words are that people read."""
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            found: list[ast.expr | None] = []
            if isinstance(node, ast.Return) and file.name == "carriage.py":
                found = [node.value]
                if isinstance(node.value, ast.IfExp):
                    found = [node.value.body, node.value.orelse]
            elif isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if name in DROPS:
                    found = [*node.args]
                elif name == "opt_out":
                    found = [each.value for each in node.keywords if each.arg == "why"]
            for each in found:
                if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value:
                    yield each.value, False
                elif isinstance(each, ast.Call) and getattr(each.func, "id", "") == "mark":
                    [words] = each.args
                    assert isinstance(words, ast.Constant)
                    yield words.value, True


def test_a_reason_is_either_for_authors_to_read_or_the_recipients_own_business() -> None:
    found = set(reasons_in(*sorted((ROOT / "gateway").rglob("*.py"))))
    assert len(found) > 20
    assert {words for words, marked in found if not marked} == CHOSEN
    assert not {words for words, marked in found if marked} & CHOSEN


@pytest.mark.parametrize("reason", sorted(CHOSEN))
def test_an_author_does_not_hear_which_choice_a_recipient_made(reason: str) -> None:
    assert told_to_author(reason) == UNWANTED


def test_a_stop_that_the_provider_took_is_a_choice_like_others() -> None:
    assert told_to_author(provider_codes.reason(21610)) == UNWANTED


@pytest.mark.parametrize(
    "reason", ["the post was deleted", "the recipient's phone does not exist", "the phone is off (30003)", ""]
)
def test_an_author_hears_what_nobody_chose(reason: str) -> None:
    assert told_to_author(reason) == kind_of(reason)


# ---- what operators read

GERMAN = languages().of("de")


@pytest.mark.parametrize(
    ("reason", "in_german"),
    [
        ("", ""),
        ("the phone is off or out of reach (30003)", "das Telefon ist aus oder nicht erreichbar (30003)"),
        ("the message is too long (0x1)", "die Nachricht ist zu lang (0x1)"),
        (
            "given up after 12 attempts: the provider had an internal error (20500)",
            "aufgegeben nach 12 Versuchen: beim Anbieter gab es einen internen Fehler (20500)",
        ),
        (
            "given up at the age limit of 2 days, 0:00:00: no answer from the provider: no answer in time",
            "aufgegeben an der Altersgrenze von 2 days, 0:00:00: keine Antwort vom Anbieter: "
            "keine Antwort in der vorgesehenen Zeit",
        ),
        (
            "the look-up was refused: too many requests at once (20429)",
            "die Nachfrage wurde abgelehnt: zu viele Anfragen auf einmal (20429)",
        ),
        ("550 5.1.1 no mailbox {here}: %(n)s", "550 5.1.1 no mailbox {here}: %(n)s"),
        ("given up after 2 attempts: 451 {not} now", "aufgegeben nach 2 Versuchen: 451 {not} now"),
        ("opted out by STOP", "mit STOP abgemeldet"),
        (
            "given up after 2 attempts: the relay cannot be reached: nothing listens there",
            "aufgegeben nach 2 Versuchen: das Relay ist nicht zu erreichen: dort nimmt nichts an",
        ),
        ("the domain's server refuses our login (535)", "der Server der Domain lehnt unsere Anmeldung ab (535)"),
        ("Kannel: ", "Kannel: "),
    ],
)
def test_an_operator_reads_our_words_in_their_language_and_others_as_they_were(reason: str, in_german: str) -> None:
    assert said(reason) == reason
    with Speaking(GERMAN):
        assert said(reason) == in_german


@given(st.text())
def test_no_reason_is_lost_on_its_way_to_the_operator(reason: str) -> None:
    assert said(reason) == reason


def test_every_code_and_what_is_said_of_the_way_out_is_put_into_german() -> None:
    with Speaking(GERMAN):
        for reason in (*map(provider_codes.reason, provider_codes.CODES), *CHOSEN, *OUTWARD, *OF_SERVERS):
            assert said(reason) != reason


def test_what_is_said_of_the_way_out_stands_in_the_code() -> None:
    files = [*(ROOT / "outbound").rglob("*.py"), *(ROOT / "gateway").rglob("*.py")]
    code = "".join(file.read_text() for file in files if file.name != "reason.py")
    for words in OUTWARD:
        assert f'"{words}' in code, words
    for words in OF_SERVERS:
        whose, half = re.fullmatch("(the relay|the domain's server) (.*)", words).groups()
        assert f'f"{whose} {{no.reason}}"' in code
        assert f'"{half}' in code, words


def test_all_that_is_said_of_no_way_in_is_put_into_other_languages() -> None:
    """In whose code only the second half of what operators read stands."""
    found = set()
    for file in sorted((ROOT / "outbound").glob("mail_*.py")):
        found |= set(re.findall(r'(?:NoWayIn\(Why\.\w+|_lock_out\(conversation), f?"([^":{(]+)', file.read_text()))
    found |= {"has no good certificate", "cannot do TLS", "turns us away"}  # made beforehand
    assert len(found) > 8
    for half in found - {"is not known"}:
        assert f"the relay {half}" in OF_SERVERS
        assert f"the domain's server {half}" in OF_SERVERS
