"""``text/enriched`` and ``text/richtext`` as plain text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.enriched import to_text
from inbound.mime import read
from inbound.mime_parts import parse
from inbound.quotes import own_words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("<bold>Now</bold> is the time", "Now is the time"),
        ("one\nline\n\nand another\n\n\nparagraph", "one line\nand another\n\nparagraph"),
        ("<nofill>as\nit\nis</nofill>", "as\nit\nis"),
        ("<fontfamily><param>courier</param>typed</fontfamily>", "typed"),
        ("1 << 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("mine\n\n<excerpt>theirs\n\nand theirs</excerpt>\n\nmine too", "mine\n\nmine too"),
        ("<bold>unclosed", "unclosed"),
        ("</bold>closed", "closed"),
        ("<Center>any <ITALIC>case</Italic></cENTER>", "any case"),
        ("<lt>rich<nl>text, old\nstyle<nl>", "<rich\ntext, old style"),
        ("", ""),
    ],
)
def test_the_words_stay_and_what_is_quoted_goes(source: str, words: str) -> None:
    assert own_words(to_text(source)).own == words


def test_a_mail_of_such_text_is_its_words() -> None:
    raw = b"Content-Type: text/enriched; charset=utf-8\r\n\r\nSee <bold>you</bold> at\r\nnoon.\r\n"
    assert read(parse(raw)).text == "See you at noon."


@given(st.text(alphabet="<>/abnl \n") | st.text())
def test_no_text_makes_the_reader_fail(source: str) -> None:
    to_text(source).encode(errors="replace")
