"""A mail's bytes as a person's words."""

import base64
import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.automatic import kind_of
from inbound.html import to_text
from inbound.mime import Letter, decode, header, read
from inbound.mime_parts import parse, thin
from inbound.quotes import own_words, unflow, unwrap_like
from inbound.reports import failure
from tests.inbound.mails import SAMPLES, Sample


def letter(raw: bytes | str) -> Letter:
    data = raw.encode() if isinstance(raw, str) else raw
    return read(parse(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_person_s_own_words_stay_and_nothing_else_does(sample: Sample) -> None:
    assert own_words(sample.text, answers=sample.answers) == sample.words


@given(st.text())
def test_own_words_are_never_cut_to_nothing_outside_an_answer(text: str) -> None:
    if any(c.isalnum() for c in text):
        assert own_words(text).strip()


@given(st.lists(st.sampled_from([s.text for s in SAMPLES] + ["a", "> b", "", "-- ", "On x wrote:"]), max_size=6))
def test_taking_quotes_off_never_fails(pieces: list[str]) -> None:
    assert isinstance(own_words("\n".join(pieces), answers=True), str)


@pytest.mark.parametrize(
    "line",
    [
        "On " * 30_000,
        "From: a\n" * 12_000,
        "> " * 50_000,
        "On 10:15 a@b.c wrote:\n" * 4000,
        "Am\n" * 30_000,
        "-" * 100_000,
        "(" * 90_000,
        "this e-mail " * 8000,
        "x<" * 50_000,
    ],
)
def test_hostile_text_is_read_quickly(line: str) -> None:
    begun = time.process_time()
    own_words(line)
    assert time.process_time() - begun < 2


def test_plain_text_is_preferred_to_its_html_twin() -> None:
    message = EmailMessage()
    message["Subject"] = "x"
    message.set_content("plain words\n")
    message.add_alternative("<p>html words</p>", subtype="html")
    assert letter(message.as_bytes()).text == "plain words"


def test_html_is_read_where_the_plain_part_is_empty_or_missing() -> None:
    message = EmailMessage()
    message.set_content(
        "<html><head><title>t</title><style>p{}</style></head><body><p>Grüße &amp; <b>Küsse</b></p>"
        "<p>zweiter&nbsp;Absatz<br>dritte Zeile</p></body></html>",
        subtype="html",
    )
    assert letter(message.as_bytes()).text == "Grüße & Küsse\n\nzweiter Absatz\ndritte Zeile"
    twin = EmailMessage()
    twin.set_content(" \n")
    twin.add_alternative("<div>only here</div>", subtype="html")
    assert letter(twin.as_bytes()).text == "only here"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (
            '<div dir="ltr">Yes</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
            'class="gmail_attr">On Sun, Nov 22,'
            ' 2026 at 10:15 AM alice &lt;<a href="mailto:h@b.example">h@b.example</a>&gt; '
            'wrote:<br></div><blockquote class="gmail_quote">'
            "Coffee?</blockquote></div>",
            "Yes",
        ),
        (
            '<p>Yes</p><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> '
            "alice</div><div>Coffee?</div>",
            "Yes",
        ),
        (
            '<div class="moz-cite-prefix">Am 22.11.26 schrieb alice:</div><blockquote '
            'type="cite">Kaffee?</blockquote><p>Ja</p>'
            '<blockquote type="cite">Tee?</blockquote><p>Nein</p><div class="moz-signature">-- <br>Bob</div>',
            "Ja\n\nNein",
        ),
        (
            'Yes<br><div id="AppleMailSignature">Sent from my iPhone</div><blockquote type="cite">On 22 Nov '
            "alice wrote:<br>Coffee?"
            "</blockquote>",
            "Yes",
        ),
        ('Sure<div class="yahoo_quoted">On Sunday alice wrote: Coffee?</div>', "Sure"),
        ("<blockquote>a quote I chose</blockquote>", "a quote I chose"),
        ('<blockquote type="cite">only this</blockquote>', "only this"),
        ('<?xml version="1.0" encoding="utf-16"?><html><body>ok</body></html>', "ok"),
        ("<ul><li>one</li><li>two</li></ul>", "* one\n* two"),
        ("no markup at all", "no markup at all"),
        ("<p>unclosed <b>and <i>crossed</b> tags", "unclosed and crossed tags"),
        ("<div>" * 1500 + "deep", "deep"),
        ("<script>alert(1)</script><p>safe</p>", "safe"),
    ],
)
def test_html_mail_becomes_its_words(source: str, words: str) -> None:
    assert own_words(to_text(source)) == words


@pytest.mark.parametrize(
    "source",
    [
        "<table><tr><td>" * 20_000,
        "<b>" * 60_000,
        "<table><tr>" + "<td>x" * 40_000,
        "<" * 200_000,
        "<script" * 30_000,
        "<!--" * 50_000,
        "&" * 200_000,
        "<a b=" * 40_000,
        "",
    ],
)
def test_hostile_html_is_read_quickly(source: str) -> None:
    begun = time.process_time()
    to_text(source)
    assert time.process_time() - begun < 3


@given(st.text(alphabet=st.sampled_from("<>/abdivtrable=\"' &;!-\n\0")) | st.text())
def test_no_html_makes_the_reader_fail(source: str) -> None:
    assert isinstance(to_text(source), str)


@pytest.mark.parametrize(
    ("data", "label", "words"),
    [
        ("Grüße".encode("latin-1"), "iso-8859-1", "Grüße"),
        ("Grüße – „ja“".encode("cp1252"), "iso-8859-1", "Grüße – „ja“"),
        ("Grüße".encode(), "iso-8859-1", "Grüße"),
        ("Grüße".encode(), "us-ascii", "Grüße"),
        ("Grüße".encode(), None, "Grüße"),
        ("Grüße".encode(), "x-nonsense", "Grüße"),
        ("Grüße".encode(), "hex", "Grüße"),
        (b"plain", "utf-16", "plain"),
        ("こんにちは".encode("iso-2022-jp"), "iso-2022-jp", "こんにちは"),
        ("こんにちは".encode("shift_jis"), "shift_jis", "こんにちは"),
        ("你好,世界".encode("gb18030"), "gb2312", "你好,世界"),
        ("привет".encode("koi8-r"), "koi8-r", "привет"),
        ("привет, как твои дела сегодня вечером".encode("cp1251"), "utf-8", "привет, как твои дела сегодня вечером"),
        (b"caf\xe9", "utf-8", "café"),
        (b"\xef\xbb\xbfbom", "utf-8", "bom"),
        (b"a\0b\rc", "utf-8", "ab\nc"),
    ],
)
def test_a_charset_is_repaired_whatever_the_label_claims(data: bytes, label: str | None, words: str) -> None:
    assert decode(data, label) == words


@given(
    st.binary(max_size=300),
    st.sampled_from(["utf-8", "ascii", "idna", "punycode", "unicode_escape", "utf-7", "\0", "é", ""])
    | st.text(max_size=10),
)
def test_any_bytes_under_any_label_become_text_that_a_database_can_hold(data: bytes, label: str) -> None:
    text = decode(data, label)
    text.encode()
    assert "\0" not in text


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        ("=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?iso-8859-1?Q?Gr=FC=DFe?= from =?utf-8?B?w4RyenRl?=", "Grüße from Ärzte"),
        ("=?utf-8?B?8J+Y?=\r\n =?utf-8?B?gA==?=", "😀"),
        ("folded\r\n over two lines", "folded over two lines"),
        ("raw Grüße", "raw Grüße"),
        ("=?utf-8?B?not base64!?=", "=?utf-8?B?not base64!?="),
        ("=?nonsense?Q?abc?=", "abc"),
        ("injected=?utf-8?Q?=0D=0ABcc:_x?=", "injected Bcc: x"),
    ],
)
def test_a_subject_is_decoded_to_one_line(raw: str, subject: str) -> None:
    assert header(parse(f"Subject: {raw}\r\n\r\n".encode()), "subject") == subject


def test_the_subject_stands_in_for_an_empty_body_but_not_that_of_the_answered_mail() -> None:
    assert letter("Subject: FOLLOW bob\n\n").text == "FOLLOW bob"
    assert letter("Subject: FOLLOW bob\n\n\nSent from my iPhone\n").text == "FOLLOW bob"
    assert letter("Subject: Re: alice: coffee?\n\n").text == ""
    assert letter("Subject: AW: alice: Kaffee?\n\n> Kaffee?\n").text == ""


def test_flowed_paragraphs_are_one_line_and_quotes_stay_apart() -> None:
    flowed = "This is a long \nparagraph that \nflows.\nA new one.\n  stuffed\n> quoted \n> words\n-- \nBob \nExample"
    assert (
        unflow(flowed) == "This is a long paragraph that flows.\nA new one.\n stuffed\n> quoted words\n-- \nBob Example"
    )
    assert unflow("日本 \n語", delete_space=True) == "日本語"
    assert (
        letter("Content-Type: text/plain; format=flowed; charset=utf-8\n\nSee you \nthere.\n\n-- \nBob\n").text
        == "See you there."
    )


def test_lines_that_the_program_broke_are_joined_as_the_html_twin_shows() -> None:
    text = "The quick brown fox jumps over the lazy dog and then it\nruns away.\nShort line\nstays\n"
    html = (
        "<div>The quick brown fox jumps over the lazy dog and then it runs away.</div><div>Short "
        "line</div><div>stays</div>"
    )
    message = EmailMessage()
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    joined = "The quick brown fox jumps over the lazy dog and then it runs away.\nShort line\nstays"
    assert letter(message.as_bytes()).text == joined
    assert unwrap_like(text, "something else") == text


@pytest.mark.parametrize(
    "parameters",
    [
        "charset=undefined",
        "charset=idna",
        "charset=\xfc",
        "charset*=undefined''utf-8",
        "charset*1=x; charset*=y",
        f"charset*{'9' * 5000}=x",
        "format*=undefined''x; charset=utf-8",
    ],
)
def test_parameters_that_cannot_be_read_hide_no_words(parameters: str) -> None:
    raw = f"Content-Type: text/plain; {parameters}\r\n\r\nGr\xfc\xdfe\r\n".encode("latin-1")
    assert letter(raw).text == "Gr\xfc\xdfe"
    assert kind_of(parse(raw), "a@home.example", "birds.example") is None


@pytest.mark.parametrize(
    "line",
    ['; x="' + ";" * 2000, "; x=y" * 400, "; a*0=b" * 300, '; "' * 600],
    ids=["quoted", "many", "pieces", "quotes"],
)
@pytest.mark.parametrize("name", ["Content-Type: multipart/mixed", "Content-Disposition: inline"])
def test_a_header_of_a_megabyte_is_read_quickly(name: str, line: str) -> None:
    raw = (name + f"{line}\r\n " * 500 + "\r\n\r\nhello\r\n").encode()
    begun = time.process_time()
    mail = parse(raw)
    read(mail)
    kind_of(mail, "a@home.example", "birds.example")
    failure(mail, raw)
    assert time.process_time() - begun < 3


def test_attachments_are_counted_and_signatures_and_logos_are_not() -> None:
    message = EmailMessage()
    message.set_content("see attached\n")
    message.add_alternative("<p>see attached</p>", subtype="html")
    message.add_attachment(b"x" * 100, maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment("notes", filename="notes.txt")
    assert letter(message.as_bytes()) == Letter("see attached", "", "", 2)

    logo = EmailMessage()
    logo.set_content("<p>hi <img src='cid:logo'></p>", subtype="html")
    logo.add_related(b"x" * 100, maintype="image", subtype="png", cid="<logo>")
    assert letter(logo.as_bytes()) == Letter("hi", "", "", 0)
    logo.add_related(b"x" * 100_000, maintype="image", subtype="png", cid="<photo>")
    assert letter(logo.as_bytes()) == Letter("hi", "", "", 1)


def test_text_after_a_picture_is_kept() -> None:
    picture = base64.encodebytes(bytes(range(256)) * 2000).decode()
    raw = (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
        "text/plain\n\nbefore\n--b\nContent-Type: image/jpeg\n"
        f"Content-Transfer-Encoding: base64\n\n{picture}\n--b\nContent-Type: text/plain\n\nafter\n--b--\n"
    )
    assert letter(raw) == Letter("before\n\nafter", "", "", 1)


def test_signed_mail_is_read_and_its_signature_is_no_attachment() -> None:
    raw = (
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=s\n\n--s\n'
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe\n"
        "--s\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n"
        "Content-Disposition: attachment; filename=smime.p7s\n\nMIIB\n--s--\n"
    )
    assert letter(raw) == Letter("Grüße", "", "", 0)


def test_encrypted_mail_has_no_words_and_one_attachment() -> None:
    raw = (
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=e\nSubject: ...\n\n--e\n'
        "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--e\nContent-Type: "
        "application/octet-stream\n\nabc\n--e--\n"
    )
    assert letter(raw).dropped == 1


def test_a_forwarded_mail_as_attachment_is_not_read_as_the_person_s_words() -> None:
    raw = (
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nmine\n--b\nContent-Type: message/rfc822\n\n"
        "Subject: theirs\n\ntheir words\n--b--\n"
    )
    assert letter(raw) == Letter("mine", "", "", 1)


@pytest.mark.parametrize(
    "raw",
    [
        "Content-Type: multipart/mixed\n\nno boundary",
        "Content-Type: multipart/mixed; boundary=b\n\nno parts",
        "Content-Type: text/plain; charset\n\nx",
        "Content-Type: ;;;\n\nx",
        "no header at all",
        "\n",
        "",
        "Content-Transfer-Encoding: base64\n\n!!!!",
        "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\nxx\n",
    ],
)
def test_broken_mails_are_read_as_far_as_they_go(raw: str) -> None:
    assert isinstance(letter(raw).text, str)


@pytest.mark.parametrize(
    "raw",
    [
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(5000)),
        b"Content-Type: message/rfc822\r\n\r\n" * 5000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 150_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 100_000,
        b"X: y\r\n" * 200_000,
        b"Content-Type: text/html\r\n\r\n" + b"<table><tr><td>" * 300_000,
        b"Content-Type: text/plain; " + b"a=b; " * 100_000,
        b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+" * 3_000_000,
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 18 * 50_000,
        b"Content-Transfer-Encoding: base64\r\n" * 100_000 + b"\r\n",
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 4_000_000,
        b"\r\n" + b"\xe9\xff" * 2_000_000,
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_hostile_mails_are_read_in_bounded_time(raw: bytes) -> None:
    begun = time.process_time()
    read(parse(raw))
    assert time.process_time() - begun < 4


def test_thinning_keeps_the_structure_and_cuts_only_large_attachments() -> None:
    small = b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD\r\n" * 100
    assert thin(small) == small
    large = (
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"QUJD\r\n" * 1_000_000 + b"--b--\r\n"
    )
    assert len(thin(large)) < 140_000
    assert thin(large).endswith(b"\n--b--\r\n")


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [
                b"\r\n",
                b"\r\n\r\n",
                b"--b\r\n",
                b"--b--\r\n",
                b"Content-Type: multipart/alternative; boundary=b\r\n",
                b"Content-Type: text/html; charset=",
                b"Content-Type: message/rfc822\r\n",
                b"Content-Transfer-Encoding: ",
                b"base64\r\n",
                b"x-uuencode\r\n",
                b"quoted-printable\r\n",
                b"Subject: =?",
                b"?b?",
                b"?=",
                b"Content-Disposition: attachment; filename*0*=",
                b'Content-Type: multipart/signed; boundary="b',
                b"<p>",
                b"utf-16\r\n",
                b"format=flowed",
                b"> ",
                b"On 10:15 wrote:\r\n",
            ]
        ),
        max_size=30,
    )
)
def test_no_bytes_make_the_reader_fail(pieces: list[bytes]) -> None:
    found = read(parse(b"".join(pieces)))
    found.text.encode()
    found.subject.encode()
    assert "\0" not in found.text
    assert "\n" not in found.subject


def test_a_calendar_beside_the_text_is_no_attachment_but_a_picture_in_the_html_is() -> None:
    picture = "x" * 30_000
    raw = (
        "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: multipart/alternative; boundary=a\n\n"
        "--a\nContent-Type: text/plain\n\nlunch\n--a\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n"
        "--a\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<p>lunch</p>\n"
        f"--r\nContent-Type: image/png\n\n{picture}\n--r--\n--a--\n--m--\n"
    )
    assert letter(raw) == Letter("lunch", "", "", 1)


def test_a_very_long_text_is_cut_between_characters() -> None:
    raw = "Content-Type: text/plain; charset=utf-8\n\n" + "ü" * 51 + "\n" + "日本語 " * 20 + "\n" * 3
    assert letter(raw * 5000).text.startswith("ü" * 51)
