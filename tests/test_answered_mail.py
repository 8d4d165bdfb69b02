"""Mails that show what they answer are answered in turn, as people's programs write that: their own words are read."""

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape
from itertools import product

import pytest

from gateway.domain.types import Outgoing, PostKind, Thread
from gateway.languages import languages
from inbound.mime import read
from inbound.mime_parts import parse
from outbound.mail_text import render
from tests.outbound.letters import ANSWER, SITE

OWN = "Then I bring the spoons.\n\nAnd the\ncups."
"""Two paragraphs, the second of two lines."""

THREAD = Thread("Tea in the hall?", "", "Tea in the hall?\nAt four: who brings what?", "alice", 7)
MAILS = {
    "a post": replace(ANSWER, text="@alice I bring the cake", thread=THREAD),
    "a mention": replace(ANSWER, text="@alice I bring the cake, says @bob", mention=True, thread=THREAD),
    "a direct message": replace(ANSWER, kind=PostKind.DIRECT, text="I bring the cake", thread=THREAD),
    "words that look like a quote": replace(ANSWER, text="> no\n--\nFrom: me", thread=THREAD),
    "in German": replace(ANSWER, text="@alice Ich bringe den Kuchen", language="de", thread=THREAD),
    "with an answer of one word": replace(ANSWER, text="@alice ok", thread=THREAD._replace(text="wrote: On Monday?")),
}


def received(delivery: Outgoing) -> tuple[EmailMessage, str, str]:
    """The mail as it came, with its text and its page."""
    message = message_from_bytes(render(delivery, replace(SITE, languages=languages())), policy=default)
    assert isinstance(message, EmailMessage)
    plain, page = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert page is not None
    return message, plain.get_content().replace("\r\n", "\n"), page.get_content().replace("\r\n", "\n")


def marked(text: str) -> str:
    return "".join(f">{line}" if line.startswith(">") else f"> {line}" for line in text.splitlines(keepends=True))


def in_html(text: str) -> str:
    return escape(text).replace("\n", "<br>")


def gmail(mail: EmailMessage, text: str, page: str) -> tuple[str, str]:
    intro = f"On Tue, Nov 24, 2026 at 9:30\u202fAM {mail['From']}\nwrote:"
    return (
        f"{OWN}\n\n{intro}\n\n{marked(text)}",
        f'<div dir="ltr">{in_html(OWN)}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
        f'class="gmail_attr">{in_html(intro)}<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">'
        f"{page}</blockquote></div>",
    )


def outlook(mail: EmailMessage, text: str, page: str) -> tuple[str, str]:
    head = f"From: {mail['From']}\nSent: Tuesday, November 24, 2026 9:30 AM\nTo: Bob\nSubject: {mail['Subject']}\n"
    return (
        f"{OWN}\n\n{head}\n{text}",
        f'<div class="WordSection1"><p class="MsoNormal">{in_html(OWN)}</p><div><div style="border:none;border-top:'
        f'solid #E1E1E1 1.0pt"><p class="MsoNormal">{in_html(head)}</p></div></div>{page}</div>',
    )


def apple(mail: EmailMessage, text: str, page: str) -> tuple[str, str]:
    intro = f"On 24 Nov 2026, at 09:30, {mail['From']} wrote:"
    return (
        f"{OWN}\n\n> {intro}\n> \n{marked(text)}",
        f'<html><body>{in_html(OWN)}<br><div><br><blockquote type="cite"><div>{in_html(intro)}</div><br>'
        f"<div>{page}</div></blockquote></div><br></body></html>",
    )


def thunderbird(mail: EmailMessage, text: str, page: str) -> tuple[str, str]:
    """Its own words below."""
    name = mail["From"].addresses[0].display_name
    intro = f"Am 24.11.26 um 09:30 schrieb {name}:"
    return (
        f"{intro}\n{marked(text)}\n\n{OWN}\n",
        f'<div class="moz-cite-prefix">{in_html(intro)}<br></div><blockquote type="cite" '
        f'cite="mid:{mail["Message-ID"]}">{page}</blockquote><p>{in_html(OWN)}</p>',
    )


def between(mail: EmailMessage, text: str, page: str) -> tuple[str, str]:
    """As people write who answer line by line: below what they answer, and the rest of it goes on."""
    lines = marked(text).splitlines(keepends=True)
    return f"alice wrote:\n{''.join(lines[:1])}\n{OWN}\n\n{''.join(lines[1:])}", ""


@pytest.mark.parametrize(
    ("program", "form"),
    [*product((gmail, outlook, apple, thunderbird), ("both", "text", "page")), (between, "text")],
)
@pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS)
def test_an_answer_to_an_answer_is_its_own_words(mail: Outgoing, program: object, form: str) -> None:
    assert callable(program)
    came, text, page = received(mail)
    plain, html = program(came, text, page)
    answer = EmailMessage()
    answer["From"] = "Bob <bob@example.org>"
    answer["Subject"] = f"Re: {str(came['Subject']).removeprefix('Re: ')}"
    answer["In-Reply-To"] = came["Message-ID"]
    if form != "page":
        answer.set_content(plain, cte="8bit")
    if form == "both":
        answer.add_alternative(html, subtype="html")
    elif form == "page":
        answer.set_content(html, subtype="html")
    found = read(parse(answer.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")))
    assert found.text == OWN
