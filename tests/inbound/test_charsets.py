"""Bytes under any label, or none, as the text that was meant."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbound.charsets import decode, is_known
from inbound.guess import guess

GERMAN = "Grüße – „ja“, schöne Größe"
RUSSIAN = "привет, как твои дела сегодня вечером?"
JAPANESE = "明日の会議は何時からですか。コーヒーを飲みましょう"
KOREAN = "내일 점심 같이 먹어요, 좋습니까?"
SIMPLIFIED = "今天晚上我们一起吃饭好吗？明天见。"
TRADITIONAL = "明天晚上一起吃飯好嗎？謝謝你們。"
GREEK = "Θα τα πούμε αύριο το πρωί"
HEBREW = "נתראה מחר בבוקר"
ARABIC = "نلتقي غدا في الصباح"
THAI = "พบกันพรุ่งนี้เช้า"
POLISH = "Dziękuję, będę później, zażółć gęślą jaźń"
TURKISH = "Yarın öğleden sonra görüşürüz, şimdi değil"


def is_utf8(data: bytes) -> bool:
    return data.decode(errors="replace").encode() == data


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        (GERMAN, "cp1252", "iso-8859-1"),
        (GERMAN, "cp1252", "windows-1252"),
        (GERMAN, "cp1252", "Windows-1252http-equivcontent-type"),
        ("Grüße", "latin-1", "ISO-8859-1 "),
        ("Grüße", "latin-1", "ISO_8859-1:1987"),
        ("Grüße", "latin-1", "'latin1'"),
        ("10 €", "iso8859-15", "iso-8859-15"),
        ("Grüße", "mac-roman", "x-mac-roman"),
        ("Grüße", "mac-roman", "macintosh"),
        ("Grüße", "cp850", "ibm850"),
        ("Grüße", "cp437", "cp-437"),
        (GERMAN, "utf-8", "utf-8"),
        (GERMAN, "utf-8", "UTF8"),
        (GERMAN, "utf-8", "utf8mb4"),
        (GERMAN, "utf-8", '"utf-8"'),
        (GERMAN, "utf-8", "charset=utf-8"),
        (GERMAN, "utf-8", "unicode-1-1-utf-8"),
        (GERMAN, "utf-8-sig", "utf-8"),
        ("Grüße", "utf-7", "utf-7"),
        ("Grüße", "utf-7", "unicode-1-1-utf-7"),
        (POLISH, "cp1250", "win-1250"),
        (POLISH, "iso8859-2", "iso-8859-2"),
        (TURKISH, "cp1254", "iso-8859-9"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "cp1251", "x-cp1251"),
        (RUSSIAN, "cp1251", "CP1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (RUSSIAN, "koi8-r", "cskoi8r"),
        ("Добрий день, як ваші справи? Їжак", "koi8-u", "koi8-r"),
        (RUSSIAN, "cp866", "ibm866"),
        (RUSSIAN, "iso8859-5", "iso-8859-5"),
        (RUSSIAN, "mac-cyrillic", "x-mac-cyrillic"),
        (GREEK, "cp1253", "windows-1253"),
        (GREEK, "iso8859-7", "iso-8859-7"),
        (HEBREW, "cp1255", "windows-1255"),
        (HEBREW, "iso8859-8", "iso-8859-8-i"),
        (ARABIC, "cp1256", "windows-1256"),
        (ARABIC, "iso8859-6", "iso-8859-6"),
        (THAI, "cp874", "tis-620"),
        (THAI, "cp874", "iso-8859-11"),
        ("Tiếng Việt", "utf-8", "utf-8"),
        (JAPANESE, "iso-2022-jp", "iso-2022-jp"),
        (JAPANESE, "iso-2022-jp", "csISO2022JP"),
        (JAPANESE, "shift-jis", "shift_jis"),
        (JAPANESE, "cp932", "x-sjis"),
        (JAPANESE, "euc-jp", "x-euc-jp"),
        ("①㈱髙橋Ⅱ", "cp932", "shift_jis"),
        ("①㈱髙橋Ⅱ", "cp932", "ms_kanji"),
        (KOREAN, "euc-kr", "euc-kr"),
        (KOREAN, "cp949", "ks_c_5601-1987"),
        ("똠방각하 안녕", "cp949", "euc-kr"),
        (KOREAN, "iso-2022-kr", "iso-2022-kr"),
        (SIMPLIFIED, "gb2312", "gb2312"),
        ("朱镕基，你好", "gbk", "gb2312"),
        ("朱镕基，你好", "gbk", "GB_2312-80"),
        (SIMPLIFIED, "gb18030", "x-gbk"),
        (SIMPLIFIED, "hz", "hz-gb-2312"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL, "cp950", "x-x-big5"),
        ("着唔着？", "big5hkscs", "big5-hkscs"),
        (RUSSIAN, "utf-16", "utf-16"),
        (RUSSIAN, "utf-16-le", "utf-16le"),
        (RUSSIAN, "utf-16-be", "utf-16"),
        (RUSSIAN, "utf-16-le", "utf-16"),
        ("谢谢你们", "utf-16-be", "utf-16"),
        ("谢谢你们明天见", "utf-16-le", "utf-16"),
        ("hello", "utf-16-le", "utf-16"),
        ("hello", "utf-16-be", "unicode"),
        (GERMAN, "utf-32", "utf-32"),
        (GERMAN, "utf-32-be", "utf-32"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_text_under_the_names_that_mail_has_for_its_charset_is_read(text: str, codec: str, label: str) -> None:
    assert decode(text.encode(codec), label) == text


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        ("Grüße".encode(), "iso-8859-1", "Grüße"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode("latin-1"), "us-ascii", "Grüße"),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße"),
        ("Grüße".encode(), "x-nonsense", "Grüße"),
        ("Grüße".encode(), "hex", "Grüße"),
        ("Grüße".encode(), "gb2312", "Grüße"),
        ("你好".encode(), "gb2312", "你好"),
        ("안녕".encode(), "euc-kr", "안녕"),
        (b"plain", "utf-16", "plain"),
        (RUSSIAN.encode("cp1251"), "iso-8859-1", RUSSIAN),
        (RUSSIAN.encode("koi8-r"), "windows-1252", RUSSIAN),
        (JAPANESE.encode("iso-2022-jp"), "us-ascii", JAPANESE),
        (JAPANESE.encode("cp932"), "iso-2022-jp", JAPANESE),
        (SIMPLIFIED.encode("gbk"), "utf-8", SIMPLIFIED),
        ("谢谢".encode("gbk"), "gb2312", "谢谢"),  # valid UTF-8, too, for two Cyrillic letters
        ("Grüße, und darunter: ".encode() + "schön".encode("latin-1"), "utf-8", "Grüße, und darunter: schön"),
        (SIMPLIFIED.encode("gbk") + b"\xff", "gb2312", SIMPLIFIED + "\ufffd"),
        (b"\x1b$B-!\x1b(B and more", "iso-2022-jp", "① and more"),
        (
            b"\x1b$B" + "日本".encode("euc-jp").translate(bytes(b & 0x7F for b in range(256))) + b"\nplain",
            None,
            "日本\nplain",
        ),
        (b"\x1b(I1\x1b(B", "iso-2022-jp", "ｱ"),
        (b"\xad\xa1\xc6\xfc", "euc-jp", "①日"),
        (b"", "utf-8", ""),
        (b"\xe9", "utf-8", "é"),
        (b"caf\xe9", None, "café"),
        (b"\xef\xbb\xbfbom", "iso-8859-1", "bom"),
        (b"a\0b\rc\r\nd", "utf-8", "ab\nc\nd"),
        (b"h\0i\0 \0y\0o\0u\0", None, "hi you"),
    ],
)
def test_a_label_that_is_wrong_or_missing_is_put_right(data: bytes, label: str | None, text: str) -> None:
    assert decode(data, label) == text


@pytest.mark.parametrize(
    ("text", "codecs"),
    [
        (RUSSIAN, "cp1251 koi8-r cp866 iso8859-5 mac-cyrillic"),
        ("Завтра в пять", "cp1251 koi8-r cp866"),
        ("谢谢", "gb18030"),
        (SIMPLIFIED, "gb18030"),
        ("謝謝", "big5"),
        (TRADITIONAL, "big5"),
        ("ありがとう", "cp932 euc-jp"),
        (JAPANESE, "cp932 euc-jp"),
        ("감사합니다", "cp949"),
        (KOREAN, "cp949"),
        (GREEK, "cp1253 iso8859-7"),
        (HEBREW, "cp1255"),
        (ARABIC, "cp1256"),
        (THAI, "cp874"),
        (POLISH, "cp1250 iso8859-2"),
        (TURKISH, "cp1254"),
        (GERMAN, "cp1252 mac-roman"),
        ("Déjà élevé à l'école, où ça", "cp1252 cp850 mac-roman"),
        ("¿Mañana? ¡Sí, señor!", "cp1252"),
        ("Vi ses på måndag, hälsningar Åsa", "cp1252"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_nobody_has_named_is_known_by_how_it_reads(text: str, codecs: str) -> None:
    for codec in codecs.split():
        found = guess(text.encode(codec))
        assert found is not None
        assert text.encode(codec).decode(found) == text
        if not is_utf8(text.encode(codec)):
            assert decode(text.encode(codec)) == text


@pytest.mark.parametrize(
    "label", ["", "idna", "punycode", "unicode_escape", "undefined", "rot13", "mbcs", "x-user", "é", "\0"]
)
def test_what_is_no_charset_is_known_as_none(label: str) -> None:
    assert not is_known(label)


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            "utf-8",
            "ascii",
            "idna",
            "utf-7",
            "utf-16",
            "utf-32",
            "iso-2022-jp",
            "iso-2022-kr",
            "hz",
            "gb2312",
            "euc-jp",
            "\0",
        ]
    )
    | st.text(max_size=10),
)
def test_any_bytes_under_any_label_become_text_that_a_database_can_hold(data: bytes, label: str) -> None:
    text = decode(data, label)
    text.encode()
    assert "\0" not in text
    assert "\r" not in text


@given(
    st.lists(
        st.sampled_from([b"\x1b$B", b"\x1b(B", b"\x1b(I", b"\x1b$A", b"\x1b$(C", b"\x1b$(D", b"\n"])
        | st.binary(max_size=5)
    )
)
def test_shifts_in_any_order_become_text(pieces: list[bytes]) -> None:
    decode(b"".join(pieces), "iso-2022-jp").encode()


@pytest.mark.parametrize(
    "data",
    [
        b"\xe9\xff" * 200_000,
        bytes(range(256)) * 1_600,
        b"\x1b$B" * 130_000,
        b"+" * 400_000,
        b"~{" * 200_000,
        b"\0a" * 200_000,
        b"\x1b$B" + b"!" * 400_000,
        RUSSIAN.encode("cp1251") * 10_000,
    ],
    ids=lambda data: repr(data[:10]),
)
@pytest.mark.parametrize("label", ["", "utf-8", "utf-7", "utf-16", "iso-2022-jp", "gb2312", "iso-8859-1"])
def test_hostile_bytes_are_read_quickly(data: bytes, label: str) -> None:
    begun = time.process_time()
    decode(data, label)
    assert time.process_time() - begun < 6
