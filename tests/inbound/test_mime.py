"""A mail's bytes as a person's words."""

import time
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.automatic import kind_of
from inbound.mime import MAX_CUT, read
from inbound.mime_parts import parse
from inbound.reports import failure
from inbound.wrapping import unflow, unwrap_like
from tests.inbound.mails import letter


def test_a_list_that_writes_itself_into_from_leaves_its_sender_their_signature() -> None:
    text = (
        "The owl is back.\nIt sits in the oak.\n\nBob Example\nHead of Owls\nTel. +44 20 7946 0000\nbob@example.org\n"
    )
    mail = "From: {}\nSubject: owl\n\n" + text
    own = letter(mail.format("Bob Example <bob@example.org>"))
    assert own.text == "The owl is back.\nIt sits in the oak."
    assert letter(mail.format("Bob Example via Birds <birds@lists.example>")) == own
    assert letter(mail.format('"Bob Example via Birds" <birds@lists.example>')) == own


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


def test_the_subject_stands_in_for_an_empty_body_but_not_that_of_the_answered_mail() -> None:
    assert letter("Subject: FOLLOW bob\n\n").text == "FOLLOW bob"
    assert letter("Subject: FOLLOW bob\n\n\nSent from my iPhone\n").text == "FOLLOW bob"
    assert letter("Subject: Re: alice: coffee?\n\n").text == ""
    assert letter("Subject: AW: alice: Kaffee?\n\n> Kaffee?\n").text == ""
    for prefix in ("RE", "Re[2]", "Antw", "SV", "Odp", "Отв", "回复", "答复", "返信", "Ynt", "Vá"):
        assert letter(f"Subject: {prefix}: alice: coffee?\n\n").text == ""
    assert letter("Subject: =?utf-8?B?5Zue5aSNOiBhbGljZQ==?=\n\n").text == ""
    assert letter("Subject: Review: the owls\n\n").text == "Review: the owls"


def test_the_subject_stands_in_for_a_body_with_nothing_but_a_signature() -> None:
    signed = "From: a@b.example\nSubject: Meeting moved to three\n\n\n\n-- \nBob Example\nHead of Birds\n"
    found = letter(signed)
    assert found.text == "Meeting moved to three"
    assert found.cut == "--\nBob Example\nHead of Birds"
    footer = "\n\nThis email is confidential and intended solely for the addressee. Please delete it otherwise.\n"
    found = letter(signed + footer)
    assert found.text == "Meeting moved to three"
    assert "Bob Example" in found.cut
    assert "solely for the addressee" in found.cut
    assert letter(signed.replace("Subject: Meeting moved to three\n", "")).text == "--\nBob Example\nHead of Birds"
    assert letter(signed.replace("Subject: ", "Subject: Re: ")).text == "--\nBob Example\nHead of Birds"


@pytest.mark.parametrize("name", ["Bob Example", '"Example, Bob"', "Bob Example (Birds)", "=?utf-8?q?Bob_Example?="])
def test_a_company_s_signature_goes_that_has_no_close_above_the_sender_s_name(name: str) -> None:
    signature = (
        "Dr. Bob Example\nHead of Birds\n\nTestville Birds Ltd\n1 Lake Road, Testville\n"
        "T +44 20 7946 0123 | M +44 7700 900123\nbob@birds.example | www.birds.example\n"
    )
    found = letter(f"From: {name} <bob@birds.example>\n\nThe tour begins at three.\n\n{signature}")
    assert found.text == "The tour begins at three."
    assert "1 Lake Road" in found.cut
    for own in (
        f"Call me:\n{signature}",
        "Call me:\n\nBob Example\n+44 20 7946 0123\nbob@birds.example",
    ):
        assert letter(f"From: {name} <bob@birds.example>\n\n{own}").cut == ""
    others = letter(f"From: Eve Other <eve@birds.example>\n\nAsk at the desk:\n\n{signature}")
    assert others.text.endswith("www.birds.example")
    sentence = letter(
        f"From: {name} <bob@birds.example>\n\nHi,\nBob Example\nowns two owls, bob@birds.example, and a wren.\n\n"
    )
    assert "two owls" in sentence.text


def test_a_subject_that_stands_in_is_there_in_full() -> None:
    words = "owl " * 120
    found = letter(f"Subject: {words}\n\n")
    assert found.text == words.strip()
    assert len(found.subject) == 250


def test_a_mail_that_answers_another_under_a_subject_of_its_own_is_known_by_its_headers() -> None:
    quoted = "\n\nOn 22/11/2026 10:15, alice wrote:\n> Coffee?\n"
    assert letter(f"Subject: FOLLOW bob\nIn-Reply-To: <1@b.example>\n{quoted}").text == "FOLLOW bob"
    assert letter(f"Subject: an owl\n{quoted}").text == "Coffee?"


def test_nothing_that_cannot_be_seen_is_left_in_the_words() -> None:
    html = "Content-Type: text/html\n\n<p>a&#1;b&#x7f;c&#xFDD0;d&#8;</p><blockquote type=cite>e&#1;f</blockquote>"
    found = letter(f"Subject: x\n{html}")
    assert (found.text, found.cut) == ("abcd", "ef")
    assert letter("Subject: x\nContent-Type: text/rtf\n\n{\\rtf1 a\\u1?b}").text == "ab"


def test_what_was_cut_is_told_and_bounded() -> None:
    found = letter("Subject: Re: x\n\nYes.\n\nOn 22/11/2026 10:15, alice wrote:\n> Coffee?\n")
    assert (found.text, found.cut) == ("Yes.", "On 22/11/2026 10:15, alice wrote:\n> Coffee?")
    assert letter("Subject: Re: x\n\nYes.\n").cut == ""
    long = letter("Subject: Re: x\n\nYes.\n\n" + "> a long story\n" * 10_000)
    assert len(long.cut) == MAX_CUT


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
    assert time.process_time() - begun < 8


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


@settings(max_examples=300)
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


def test_a_very_long_text_is_cut_between_characters() -> None:
    raw = "Content-Type: text/plain; charset=utf-8\n\n" + "ü" * 51 + "\n" + "日本語 " * 20 + "\n" * 3
    assert letter(raw * 5000).text.startswith("ü" * 51)
