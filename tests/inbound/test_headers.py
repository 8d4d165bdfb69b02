"""Headers as people meant them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.headers import header, parameter
from inbound.mime_parts import parse


def subject(raw: str, most: int = 250) -> str:
    return header(parse(f"Subject: {raw}\r\n\r\n".encode("utf-8", "surrogateescape")), "subject", most)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?UTF-8?q?Gr=c3=bc=c3=9fe_an_alle?=", "Grüße an alle"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= from =?utf-8?B?w4RyenRl?=", "Grüße from Ärzte"),
        ("folded\r\n over two lines", "folded over two lines"),
        ("plain", "plain"),
        ("Grüße", "Grüße"),
        ("Gr\udcfc\udcdfe", "Grüße"),
        ("", ""),
        ("=?utf-8?Q??= x", "x"),
        ("a =? b ?= c", "a =? b ?= c"),
        ("2 =?= 3?", "2 =?= 3?"),
        # cut in the middle of a character, in each encoding
        ("=?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=BCsse?=", "Grüsse"),
        ("=?utf-8?B?8J+Y?=\r\n =?utf-8?B?gA==?=", "😀"),
        ("=?gb2312?B?xOM=?= =?gb2312?B?usM=?=", "你好"),
        ("=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=", "日本"),
        ("=?utf-8?B?R3L?=\r\n =?utf-8?B?DvMOfZQ==?=", "Grüße"),  # the base64 itself is cut
        ("=?utf-8?Q?Gr=C3=\r\n =BCsse?=", "Grüsse"),
        # white space: between two it only parts them, elsewhere it is meant
        ("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"),
        ("=?utf-8?Q?a_?=\r\n =?utf-8?Q?b?=", "a b"),
        ("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c"),
        ("before=?utf-8?Q?=C3=BC?=after", "beforeüafter"),
        # what should not be inside
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe aus M=C3=BCnchen?=", "Grüße aus München"),
        ("=?utf-8?Q?what?=20now=3F?=", "what? now?"),
        ("=?utf-8?Q?why??=", "why?"),
        ("=?utf-8?Q?a?=bc def", "abc def"),
        ("=?utf-8?B?R3LD vMOf ZQ==?=", "Grüße"),
        ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
        ("=?utf-8?B?!R3LDvMOfZQ==!?=", "Grüße"),
        ("=?utf-8?Q?Gr=ZZ?=", "Gr=ZZ"),
        ("=?utf-8?Q?=00a=0Ab?=", "a b"),
        # quotes, languages, unknown and wrong charsets
        ('"=?iso-8859-1?Q?J=FCrgen?="', '"Jürgen"'),
        ("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?x-nonsense?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?unknown-8bit?Q?Gr=FC=DFe?=", "Grüße"),
        ("=?us-ascii?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?gb2312?B?0LvQuw==?=", "谢谢"),
        ("=?ks_c_5601-1987?B?vsiz5w==?=", "안녕"),
        # not ended
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe", "Grüße"),
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?", "Grüße"),
        ("=?utf-8?Q?Gr=C3=BC? =?utf-8?Q?=C3=9Fe?=", "Grüße"),
        # encoded twice
        ("=?utf-8?Q?=3D=3Futf-8=3FQ=3FGr=3DC3=3DBC=3DC3=3D9Fe=3F=3D?=", "Grüße"),
        # nothing that can be made out
        ("=?utf-8?B?not base64!?=", "=?utf-8?B?not base64!?="),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
    ],
)
def test_a_subject_is_decoded_to_one_line(raw: str, text: str) -> None:
    assert subject(raw) == text


def test_a_long_subject_is_read_as_far_as_is_asked() -> None:
    words = "=?utf-8?B?5L2g5aW9?=\r\n " * 200
    assert subject(words) == "你好" * 125
    assert subject(words, 1_000) == "你好" * 200


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('attachment; filename="map.pdf"', "map.pdf"),
        ("attachment; filename*=utf-8''M%C3%BCnchen.pdf", "M%C3%BCnchen.pdf"),
        ("attachment; filename*0*=utf-8''a; filename*1=b.pdf", "ab.pdf"),
        ("attachment; filename*1=b; filename*=x", ""),
        ("attachment", ""),
        (";;;", ""),
    ],
)
def test_a_parameter_is_read_or_empty(value: str, name: str) -> None:
    mail = parse(f"Content-Disposition: {value}\r\n\r\n".encode())
    found = parameter(mail, "filename", "content-disposition")
    assert found in {name, name.replace("%C3%BC", "Ã¼")}


@pytest.mark.parametrize(
    "value",
    [
        "=?a?q?" * 20_000,
        "=?a?q?" + "?=" * 50_000,
        "=?a?b?" + "A" * 100_000,
        "=?" * 50_000,
        "=?a?q?" + "?=20" * 30_000,
        "=?utf-8?q?a?= " * 10_000,
        "=?a?q?" + "?=aa" * 30_000 + " ",
        "=?utf-8?b?" + "=" * 100_000,
        "\r\n " * 50_000,
    ],
    ids=lambda value: repr(value[:20]),
)
def test_hostile_headers_are_read_quickly(value: str) -> None:
    begun = time.process_time()
    subject(value)
    assert time.process_time() - begun < 2


PIECES = [
    "=?",
    "?=",
    "utf-8",
    "?q?",
    "?B?",
    "=C3",
    "=BC",
    "R3I",
    "=",
    "?",
    "_",
    " ",
    "\r\n ",
    "*de",
    "gb2312",
    "\udcff",
    "ü",
    '"',
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=20).map("".join))
def test_no_header_makes_the_reader_fail(value: str) -> None:
    text = subject(value)
    text.encode()
    assert "\n" not in text
    assert "\0" not in text
