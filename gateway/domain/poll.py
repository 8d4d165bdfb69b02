"""A poll as a post, and its result in words."""

from collections.abc import Mapping, Sequence

from gateway.domain.reply_form import SEGMENT, cut
from gateway.domain.reply_together import poll_is_closed
from gateway.domain.speech import counted
from gateway.domain.text import normalise


def question_text(question: str, options: Sequence[str]) -> str:
    """The post that asks: the question, each option behind its number, and how to vote."""
    numbered = " ".join(f"{number} {option}" for number, option in enumerate(options, 1))
    return normalise(f"{question} {numbered} (VOTE n)")


def result(question: str, options: Sequence[str], votes: Mapping[int, int]) -> str:
    """How many chose each option, e.g. ``Lunch? pizza 3, soup 5. 8 votes.``; the question is cut first, so that one SMS
    holds it with a word before."""
    counts = ", ".join(f"{option} {votes.get(number, 0)}" for number, option in enumerate(options, 1))
    total = counted("{n} vote.", "{n} votes.", sum(votes.values()))
    tail = f" {counts}. {total}"
    room = SEGMENT - len(poll_is_closed(tail))
    return f"{cut(question, max(room, 20))}{tail}"
