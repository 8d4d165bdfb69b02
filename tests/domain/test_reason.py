"""What is counted together is few, and quotes nobody."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import provider_codes
from gateway.domain.reason import CHOSEN, LONGEST, UNWANTED, kind_of, told_to_author


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
