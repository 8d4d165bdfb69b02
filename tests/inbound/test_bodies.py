"""Which parts of a mail are its words, and which are attachments that its sender hears of."""

import base64
from email.message import EmailMessage

import pytest

from inbound.mime import Letter
from tests.inbound.mails import letter

PHOTO = base64.encodebytes(bytes(range(256)) * 200).decode()
LOGO = base64.encodebytes(bytes(range(256)) * 10).decode()


def part(kind: str, body: str = "x", *headers: str) -> str:
    return "\n".join([f"Content-Type: {kind}", *headers, "", body])


def picture(content_id: str, data: str = PHOTO) -> str:
    head = (
        f"Content-ID: <{content_id}>",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: inline; filename=i.png",
    )
    return part("image/png; name=i.png", data, *head)


def multi(kind: str, *parts: str) -> str:
    boundary = f"_{kind.split(';')[0].replace('/', '_')}_{len(parts)}_{sum(map(len, parts))}"
    inside = "".join(f"--{boundary}\n{each}\n" for each in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{inside}--{boundary}--\n'


def found(mail: str) -> tuple[str, int]:
    read = letter(f"Subject: hi\n{mail}")
    assert not read.sealed
    return read.text, read.dropped


PLAIN, HTML = part("text/plain", "plain"), part("text/html", "<p>rich</p>")


@pytest.mark.parametrize(
    ("mail", "text", "dropped"),
    [
        (PLAIN, "plain", 0),
        (HTML, "rich", 0),
        (multi("mixed", PLAIN), "plain", 0),
        (multi("mixed", PLAIN, HTML), "plain\n\nrich", 0),
        (multi("mixed", part("text/plain", "one"), part("image/png"), part("text/plain", "two")), "one\n\ntwo", 1),
        (multi("mixed", PLAIN, part("application/pdf"), part("application/zip; name=a.zip")), "plain", 2),
        (multi("alternative", PLAIN, HTML), "plain", 0),
        (multi("alternative", HTML, PLAIN), "plain", 0),
        (multi("alternative", part("text/plain", " \n"), HTML), "rich", 0),
        (multi("alternative", part("text/plain", "Your program cannot view HTML mail."), HTML), "rich", 0),
        (multi("alternative", part("text/plain", "I love HTML"), HTML), "I love HTML", 0),
        (multi("alternative", part("text/plain", "a[cid:i1@x] b [image: i.png]"), HTML), "a b", 0),
        (part("text/plain", "[image: mine]"), "[image: mine]", 0),
        (multi("alternative", PLAIN, part("text/x-amp-html"), HTML), "plain", 0),
        (multi("alternative", part("text/x-amp-html"), HTML), "rich", 0),
        (multi("alternative", HTML, part("text/enriched", "<bold>bold</bold>")), "bold", 0),
        (multi("alternative", part("text/rtf", r"{\rtf1 rich text}")), "rich text", 0),
        (multi("alternative", part("image/png")), "hi", 1),
        (multi("alternative", PLAIN, multi("related", HTML, picture("a"))), "plain", 1),
        (multi("mixed", multi("alternative", PLAIN, HTML), part("application/pdf")), "plain", 1),
        (multi("alternative", PLAIN, multi("mixed", HTML, part("application/pdf"), HTML)), "plain", 1),
        (multi("related", HTML, picture("a", LOGO)), "rich", 0),
        (multi("related", part("image/png", LOGO, "Content-ID: <a>"), HTML), "rich", 0),
        (multi('related; start="<r>"', PLAIN, part("text/html", "<p>rich</p>", "Content-ID: <r>")), "rich", 0),
        (multi("related", multi("alternative", PLAIN, HTML), picture("a")), "plain", 1),
        (multi("signed", PLAIN, part("application/pgp-signature")), "plain", 0),
        (multi("signed", multi("mixed", PLAIN, part("image/png")), part("application/pgp-signature")), "plain", 1),
        (multi("report; report-type=x", PLAIN, part("message/delivery-status", "a: b")), "plain", 0),
        (multi("parallel", PLAIN, part("audio/ogg")), "plain", 1),
        (multi("digest", "\nSubject: theirs\n\ntheir words", "\nSubject: too\n\ntheir words"), "hi", 2),
        (multi("mixed", PLAIN, multi("digest", "\nSubject: theirs\n\ntheir words")), "plain", 1),
        (multi("mixed", PLAIN, part("message/rfc822", "Subject: theirs\n\ntheir words")), "plain", 1),
        (multi("mixed", PLAIN, multi("appledouble", part("application/applefile"), part("image/jpeg"))), "plain", 1),
        (
            multi(
                "form-data",
                part("text/plain", "one", "Content-Disposition: form-data; name=words"),
                part("image/png", "x", "Content-Disposition: form-data; name=photo; filename=a.png"),
            ),
            "one",
            1,
        ),
        (multi("x-nonsense", PLAIN, part("image/png")), "plain", 1),
        (multi("mixed", multi("mixed", multi("mixed", multi("alternative", PLAIN, HTML)))), "plain", 0),
        (multi("mixed", PLAIN, part("application/pgp-keys; name=key.asc")), "plain", 0),
        (multi("mixed", PLAIN, part("text/plain; name=notes.txt", "notes")), "plain", 1),
        (multi("mixed", PLAIN, part("text/plain", "notes", "Content-Disposition: attachment")), "plain", 1),
        (multi("mixed", PLAIN, part("text/html", "<p>x</p>", "Content-Disposition: attachment")), "plain", 1),
        (multi("mixed", PLAIN, part("text/csv", "a,b"), part("text/vcard", "BEGIN:VCARD")), "plain", 2),
        (part("text/markdown", "*plain*"), "*plain*", 0),
        (part("text", "plain"), "plain", 0),
        (part("text/plain", "<!DOCTYPE html>\n<html><body><p>one</p><p>two</p></body></html>"), "one\n\ntwo", 0),
        (part("text/plain", "<html> is a tag"), "is a tag", 0),
        (part("text/plain", "a <b> is a tag"), "a <b> is a tag", 0),
        (part("image/png", "x"), "hi", 1),
        ("\nno headers of its own", "no headers of its own", 0),
    ],
    ids=range(48),
)  # fmt: skip
def test_each_kind_of_mail_has_its_words_and_its_attachments(mail: str, text: str, dropped: int) -> None:
    assert found(mail) == (text, dropped)


def test_what_a_phone_sends_through_a_gateway_is_read_though_its_text_has_a_name() -> None:
    smil = part("application/smil; name=smil.xml", "<smil/>")
    text = part(
        "text/plain; charset=utf-8; name=text_0.txt",
        "from my phone",
        "Content-Disposition: attachment; filename=text_0.txt",
    )
    photo = part("image/jpeg; name=IMG_1.jpg")
    assert found(multi("mixed", smil, text, photo)) == ("from my phone", 1)
    start = part("application/smil", "<smil/>", "Content-ID: <smil>")
    assert found(multi('related; start="<smil>"; type="application/smil"', start, text, photo)) == ("from my phone", 1)
    assert found(multi("mixed", smil, part("text/plain; name=a.txt", "from my phone"), photo)) == ("from my phone", 1)
    assert found(multi("mixed", part("text/plain", "words"), text)) == ("words", 1)


INVITATION = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR"


@pytest.mark.parametrize(
    "mail",
    [
        multi("alternative", PLAIN, part("text/calendar; method=REQUEST", INVITATION)),
        multi("mixed", PLAIN, part("text/calendar; method=REQUEST; name=invite.ics", INVITATION)),
        multi(
            "mixed",
            multi("alternative", PLAIN, HTML, part("text/calendar; method=REQUEST", INVITATION)),
            part(
                "application/ics; name=invite.ics", INVITATION, "Content-Disposition: attachment; filename=invite.ics"
            ),
        ),
    ],
    ids=["outlook", "beside", "google"],
)
def test_of_an_invitation_the_words_stay_and_the_calendar_is_no_attachment(mail: str) -> None:
    assert found(mail) == ("plain", 0)


def test_a_calendar_that_somebody_attached_is_an_attachment() -> None:
    assert found(multi("mixed", PLAIN, part("text/calendar; name=a.ics", INVITATION))) == ("plain", 1)


SIGNED = '<p>Yes.</p><p>Best regards<br>Bob<br><img src="cid:logo"></p>'


@pytest.mark.parametrize(
    ("html", "dropped"),
    [
        ('<p>Look: <img src="cid:logo"></p>', 1),
        (SIGNED, 0),
        ('<p>Yes.</p><div class="gmail_signature">Bob<img src="cid:logo"></div>', 0),
        ('<p>Yes.</p><blockquote type="cite">theirs <img src="cid:logo"></blockquote>', 0),
        ('<p>Yes.</p><p>-- <br>Bob<br><img src="cid:logo"></p>', 0),
        (f'<p>Yes. <img src="cid:photo"></p>{SIGNED}', 0),
        ("<p>Yes, and it is not shown in the text.</p>", 1),
        ('<img src="cid:logo">', 1),
    ],
)
def test_the_pictures_of_a_signature_or_a_quote_are_no_attachments(html: str, dropped: int) -> None:
    related = multi("related", part("text/html", html), picture("logo"))
    assert found(related)[1] == dropped
    assert found(multi("alternative", part("text/plain", "Yes."), related))[1] == dropped
    alternative = multi("alternative", part("text/plain", "Yes."), part("text/html", html))
    assert found(multi("related", alternative, picture("logo")))[1] == dropped


def test_photos_beside_a_logo_are_counted_each() -> None:
    html = f'<p>Look: <img src="cid:one"><img src="cid:two"></p>{SIGNED}'
    assert found(multi("related", part("text/html", html), picture("one"), picture("two"), picture("logo")))[1] == 2


def test_a_file_packed_into_the_text_as_in_old_days_is_an_attachment() -> None:
    packed = "begin 644 note.txt\n" + "M" + "A" * 60 + "\n%:&5L;&\\\n`\nend"
    assert found(part("text/plain", f"see below\n\n{packed}\n\nand above")) == ("see below\n\nand above", 1)
    assert found(part("text/plain", "begin 644 things\nnever end")) == ("begin 644 things\nnever end", 0)


def test_text_after_a_picture_is_kept() -> None:
    large = part("image/jpeg", PHOTO * 20, "Content-Transfer-Encoding: base64")
    assert found(multi("mixed", part("text/plain", "before"), large, part("text/plain", "after"))) == (
        "before\n\nafter",
        1,
    )


def test_text_before_and_after_megabytes_of_anything_is_kept() -> None:
    large = part("application/octet-stream", "x" * 900 + "\n" * 5_000, "Content-Transfer-Encoding: 8bit")
    mail = multi("mixed", part("text/plain", "before"), *[large] * 3, part("text/plain", "after"))
    assert found(mail.replace("\n" * 5_000, ("y" * 900 + "\n") * 3_000)) == ("before\n\nafter", 3)


def test_the_charset_of_html_is_the_one_in_its_head_where_its_label_says_none() -> None:
    html = "<html><head><meta charset='koi8-r'></head><body>привет</body></html>"
    for kind, encoded in (
        ("text/html", "koi8-r"),
        ("text/html; charset=x-nonsense", "koi8-r"),
        ("text/html; charset=cp1251", "cp1251"),
    ):
        assert letter(f"Subject: hi\nContent-Type: {kind}\n\n".encode() + html.encode(encoded)).text == "привет"


def test_the_library_s_own_mails_are_read() -> None:
    message = EmailMessage()
    message.set_content("see attached\n")
    message.add_alternative("<p>see attached</p>", subtype="html")
    message.add_attachment(b"x" * 100, maintype="application", subtype="pdf", filename="a.pdf")
    message.add_attachment("notes", filename="notes.txt")
    assert letter(message.as_bytes()) == Letter("see attached", "", "", 2)


THEIRS = "From: Carol <carol@example.org>\nSubject: news\n\nThe owl is back.\n\nIt sits in the oak.\n"
FORWARDED = part("message/rfc822", THEIRS)
OWL = "The owl is back.\n\nIt sits in the oak."


@pytest.mark.parametrize("subject", ["Fwd: news", "WG: news", "TR : news", "news", ""])
@pytest.mark.parametrize(
    "mail",
    [FORWARDED, multi("mixed", FORWARDED), multi("mixed", part("text/plain", "\n"), FORWARDED)],
    ids=["nothing else", "in parts", "below an empty text"],
)
def test_a_mail_forwarded_as_an_attachment_without_a_word_is_what_was_forwarded(subject: str, mail: str) -> None:
    """As one is that was forwarded in the text."""
    read = letter(f"Subject: {subject}\nIn-Reply-To: <1@example.org>\n{mail}")
    assert (read.text, read.dropped, read.subject) == (OWL, 0, subject)


@pytest.mark.parametrize(
    ("subject", "mail", "text", "dropped"),
    [
        ("Look who is back", FORWARDED, "Look who is back", 1),
        ("Fwd: news", multi("mixed", PLAIN, FORWARDED), "plain", 1),
        ("Fwd: news", multi("mixed", FORWARDED, FORWARDED), "Fwd: news", 2),
        ("Fwd: news", multi("mixed", FORWARDED, part("image/png")), "Fwd: news", 2),
        ("Re: news", FORWARDED, "", 1),
        ("Fwd: news", part("message/rfc822", "Subject: news\n\n"), "Fwd: news", 1),
        ("Fwd:", part("message/rfc822", "From: carol@example.org\n\nThe owl is back.\n"), "The owl is back.", 0),
        ("Back!", part("message/rfc822", "From: carol@example.org\n\nThe owl is back.\n"), "Back!", 1),
        ("Fwd: news", part("message/rfc822", multi("mixed", PLAIN, part("image/png"))), "Fwd: news", 1),
    ],
)
def test_whoever_says_a_word_of_their_own_is_not_taken_at_anothers(
    subject: str, mail: str, text: str, dropped: int
) -> None:
    read = letter(f"Subject: {subject}\n{mail}")
    assert (read.text, read.dropped) == (text, dropped)


def test_an_encrypted_mail_that_was_forwarded_whole_is_not_read_but_known() -> None:
    sealed = part("message/rfc822", "From: c@example.org\nSubject: news\nContent-Type: multipart/encrypted\n\nx")
    assert letter(f"Subject: Fwd: news\n{sealed}").sealed


def test_what_a_forwarded_mail_had_attached_is_left_out() -> None:
    inside = multi("mixed", PLAIN, part("image/png"), part("application/pdf"))
    read = letter(f"Subject: Fwd: news\n{part('message/rfc822', f'Subject: news{chr(10)}{inside}')}")
    assert (read.text, read.dropped) == ("plain", 2)
