"""Our count of segments beside the provider's own, and what fits one segment.

The provider's counter is its npm package ``sms-segments-calculator``; one process counts thousands of texts.
"""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain import sms_text
from gateway.domain.carriage import Carriage, outgoing
from gateway.domain.sms_text import compose, is_gsm, segments
from gateway.domain.types import Channel, Lane, Outgoing, PostKind
from tests import node

COUNT = """
const { SegmentedMessage } = require('sms-segments-calculator');
const texts = JSON.parse(require('fs').readFileSync(0));
const counted = texts.map((text) => {
  const message = new SegmentedMessage(text);
  return [message.encodingName, message.segmentsCount];
});
console.log(JSON.stringify(counted));
"""
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
PAIRS = "^{}\\[~]|€"
PLAINLY = "“”‘’‚„«»–—…áíóúâêîôûçłđžŽőűğşİı\u00a0\u2009½°→©"
SCRIPTS = "ПриветмирΑΒΓαβγשלוםمرحبا你好世界こんにちは한국어"
EMOJI = "😀🎉🐦🚌🍕𝐛𝐨𝐥𝐝"
CLUSTERS = ["हि", "👨\u200d👩\u200d👧", "e\u0301", "🇩🇪", "👍🏽", "\r\n", "ก็", "z\u0336"]
LIMITS = (35, 70, 80, 134, 140, 153, 160, 201, 306, 459)


def counted_by_the_provider(texts: list[str]) -> list[tuple[str, int]]:
    counted = node.run(COUNT, node.installed("sms-segments-calculator"), texts)
    return [(encoding, max(count, 1)) for encoding, count in counted]  # an empty text is billed as one


def texts_of(letters: list[str], dice: random.Random, number: int) -> list[str]:
    """Texts mostly of one kind, with some of another, about as long as a limit or of any length."""
    made = []
    for _ in range(number):
        length = dice.choice(LIMITS) + dice.randint(-3, 3) if dice.random() < 0.7 else dice.randint(0, 500)
        most, some = dice.sample(letters, 2)
        rare = dice.choice([0, 0.01, 0.2])
        made.append("".join(dice.choice(some if dice.random() < rare else most) for _ in range(length)))
    return made


@pytest.mark.parametrize(
    "text", ["word " * 400, "\U0001f600 \u00e9 " * 500, "x" * 2000, "\U0001f600" * 1000, "½ " * 799 + "x"]
)
def test_a_text_is_no_longer_than_providers_take_and_begins_as_it_was_meant(text: str) -> None:
    sent = sms_text.compose_any(text)
    units = len(sent.text.encode("utf-16-le")) // 2
    assert 1000 < units <= 1600
    assert sent.segments == sms_text.segments(sent.text)
    assert sent.text.endswith("...") or sent.text == text
    assert sms_text.made_plain(text).startswith(sms_text.made_plain(sent.text.removesuffix("...")))


def test_what_fits_is_composed_as_any_other() -> None:
    for text in ("hello", "“hello”", "word " * 319 + "words", "\U0001f600" * 800):
        assert sms_text.compose_any(text) == sms_text.compose(text)


def test_we_count_segments_as_the_provider_does() -> None:
    dice = random.Random(140)  # noqa: S311 - the same texts each time
    texts = texts_of([BASIC, BASIC, PAIRS, BASIC + PAIRS, PLAINLY, SCRIPTS, EMOJI, BASIC + EMOJI], dice, 4_000)
    theirs = counted_by_the_provider(texts)
    wrong = [
        (text, count, segments(text))
        for text, (encoding, count) in zip(texts, theirs, strict=True)
        if "\r\n" not in text and (count, encoding == "GSM-7") != (segments(text), is_gsm(text))
    ]
    assert not wrong
    assert {count for _, count in theirs} >= {1, 2, 3, 4, 5}


def test_what_is_billed_is_the_text_as_it_goes_out_with_the_name_before_it() -> None:
    dice = random.Random(15)  # noqa: S311 - the same texts each time
    posts = texts_of([BASIC, BASIC, PAIRS, PLAINLY, SCRIPTS, EMOJI], dice, 2_000)
    kinds = [PostKind.POST, PostKind.DIRECT, PostKind.REPOST]
    sent = [as_sms(post, dice.choice("abz") * dice.randint(1, 15), dice.choice(kinds)) for post in posts]
    theirs = counted_by_the_provider([each.text for each in sent])
    wrong = [
        (each.text, each.segments, count)
        for each, (_, count) in zip(sent, theirs, strict=True)
        if "\r\n" not in each.text and count != each.segments
    ]
    assert not wrong


def test_what_people_see_as_one_character_costs_at_most_what_the_provider_says() -> None:
    """The provider's counter moves a whole cluster to the next segment, which a carrier need not do."""
    dice = random.Random(67)  # noqa: S311 - the same texts each time
    texts = ["".join(dice.choice([*CLUSTERS, "a", "я"]) for _ in range(dice.randint(1, 250))) for _ in range(1_000)]
    for text, (_, count) in zip(texts, counted_by_the_provider(texts), strict=True):
        assert count - 1 <= segments(text) <= count


def as_sms(text: str, author: str, kind: PostKind) -> Outgoing:
    """A delivery of this post by SMS, as the transport gets it."""
    nothing: dict[str, Any] = dict.fromkeys(Carriage.__dataclass_fields__)
    given = {
        "id": 1,
        "attempt": 1,
        "channel": Channel.SMS,
        "route": 1,
        "lane": Lane.FIRST,
        "queued_at": datetime(2026, 11, 23, tzinfo=UTC),
        "to": "+15550001002",
        "post_id": 1,
        "kind": kind,
        "author": author,
    }
    if kind is PostKind.REPOST:
        given |= {"text": "", "original_text": text, "original_author": "carol"}
    else:
        given["text"] = text
    return outgoing(Carriage(**{**nothing, **given}), "+15550009999")


@pytest.mark.parametrize("kind", [PostKind.POST, PostKind.DIRECT])
@pytest.mark.parametrize("letter", BASIC)
def test_140_characters_and_the_longest_name_fit_one_segment(kind: PostKind, letter: str) -> None:
    sent = as_sms(letter * 140, "a234567890_bcde", kind)
    assert sent.segments == 1
    assert sent.text == f"{'D ' if kind is PostKind.DIRECT else ''}a234567890_bcde: {letter * 140}"


@pytest.mark.parametrize("kind", [PostKind.POST, PostKind.DIRECT])
def test_a_curly_apostrophe_does_not_treble_the_price(kind: PostKind) -> None:
    text = "it’s " + "x" * 135
    assert segments(f"a234567890_bcde: {text}") == 3
    sent = as_sms(text, "a234567890_bcde", kind)
    assert sent.segments == 1
    assert sent.text.endswith(f"a234567890_bcde: it's {'x' * 135}")


@pytest.mark.parametrize("pair", [*PAIRS, *EMOJI])
@pytest.mark.parametrize("before", range(60, 70))
def test_a_pair_is_never_cut_in_two(pair: str, before: int) -> None:
    """The places of each segment, filled one after the other."""
    text = ("я" if pair in EMOJI else "a") * (before if pair in EMOJI else before + 86) + pair * 80
    whole, part = (70, 67) if pair in EMOJI else (160, 153)
    sizes = [2 if c == pair else 1 for c in text]
    filled = [0]
    for size in sizes:
        if filled[-1] + size > part:
            filled.append(0)
        filled[-1] += size
    assert sum(sizes) > whole
    assert segments(text) == len(filled)


@pytest.mark.parametrize("text", ["Привет “мир” " * 10, "Ελληνικά “Δ” " * 10, "“👍🏽” " * 30, "‘你好’ " * 30])
def test_other_scripts_and_emoji_are_never_written_in_latin_letters(text: str) -> None:
    assert compose(text).text == text
