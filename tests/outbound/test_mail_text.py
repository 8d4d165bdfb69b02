"""One delivery as one mail, read back by the standard library's own parser."""

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import reply_people, reply_together, token, unsubscribe
from gateway.domain.token import Purpose
from gateway.domain.types import Channel, Digest, NoticeKind, Outgoing, PostKind, Thread
from gateway.domain.unsubscribe import AllMail, AuthorsMail
from gateway.languages import languages
from gateway.service.site import Site
from outbound.mail_text import message_id, render, return_path

SITE = Site(name="Townwire", public_url="https://town.example", mail_domain="mail.town.example", key=b"k" * 32)
POST = Outgoing(
    id=31,
    attempt=1,
    channel=Channel.EMAIL,
    to="bob@example.org",
    text="Tea in the hall at four, bring @carol #tea",
    queued_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    author="alice",
    author_id=4,
    post_id=7,
    conversation_id=5,
    kind=PostKind.POST,
    account_id=12,
)
NOTICE = Outgoing(
    id=32,
    attempt=1,
    channel=Channel.EMAIL,
    to="bob@example.org",
    text="You follow alice now.",
    queued_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    subject="follow alice",
    in_reply_to="<abc@example.org>",
    account_id=12,
)


STRICT = default.clone(raise_on_defect=True)


def parse(raw: bytes) -> EmailMessage:
    """The mail, which has no defect: no parser has to guess, no line is too long, no octet has its eighth bit."""
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    message = message_from_bytes(raw, policy=STRICT)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert not part.defects
        assert not [value.defects for value in part.values() if getattr(value, "defects", ())]
    for once in ("From", "To", "Date", "Message-ID", "Subject"):
        assert len(message.get_all(once, [])) == 1
    return message


def read(delivery: Outgoing = POST, site: Site = SITE, **changes: Any) -> EmailMessage:
    return parse(render(dataclasses.replace(delivery, **changes), site))


def digest(*posts: Outgoing, more: int = 0, zone: str = "UTC", site: Site = SITE) -> EmailMessage:
    """The digest with these posts that goes out the next morning."""
    brought = Outgoing(
        id=40,
        attempt=1,
        channel=Channel.EMAIL,
        to="bob@example.org",
        text="",
        queued_at=datetime(2026, 11, 24, 8, tzinfo=UTC),
        account_id=12,
        notice=NoticeKind.DIGEST,
        digest=Digest(posts, more, zone),
    )
    return parse(render(brought, site))


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_post_says_who_wrote_it_and_goes_to_one_person() -> None:
    mail = read()
    assert mail["From"].addresses[0].display_name == "alice (Townwire)"
    assert mail["From"].addresses[0].addr_spec == "help@mail.town.example"
    assert mail["To"].addresses[0].addr_spec == "bob@example.org"
    assert mail["Subject"] == "Tea in the hall at four, bring @carol #tea"
    assert mail["Date"].datetime == POST.queued_at
    assert mail["MIME-Version"] == "1.0"


def test_a_message_id_is_the_same_at_every_attempt() -> None:
    assert read()["Message-ID"] == read(attempt=3)["Message-ID"] == message_id(31, SITE)


def test_a_message_id_has_a_seal_that_nobody_makes_without_the_key() -> None:
    found = re.fullmatch(r"<delivery\.31\.([a-z2-7]{26})@mail\.town\.example>", read()["Message-ID"])
    assert found is not None
    assert token.make(SITE.key, Purpose.DELIVERY, 31).endswith(found[1])
    others = [message_id(32, SITE), message_id(31, dataclasses.replace(SITE, key=b"x" * 32)), read()["Reply-To"]]
    assert not any(found[1] in each for each in others)


def test_replies_and_bounces_come_back_to_tokens_of_this_delivery() -> None:
    reply = read()["Reply-To"].addresses[0].addr_spec
    bounce = return_path(POST, SITE)
    for address, prefix, purpose in [(reply, "reply+", Purpose.REPLY), (bounce, "bounce+", Purpose.BOUNCE)]:
        local, _, domain = address.partition("@")
        assert domain == "mail.town.example"
        claimed = token.parse(local.removeprefix(prefix))
        assert claimed is not None
        assert claimed.number == 31
        assert token.holds(SITE.key, purpose, claimed)


def test_the_address_for_replies_is_made_with_the_version_of_its_reader() -> None:
    for mail in (read(reply_version=3), read(NOTICE, reply_version=3)):
        local = mail["Reply-To"].addresses[0].addr_spec.partition("@")[0]
        claimed = token.parse(local.removeprefix("reply+"))
        assert claimed is not None
        assert token.holds(SITE.key, Purpose.REPLY, claimed, 3)
        assert not token.holds(SITE.key, Purpose.REPLY, claimed)


def test_mails_can_be_stopped_with_one_click_by_mail_and_from_the_body() -> None:
    mail = read()
    stop = unsubscribe.make(SITE.key, AuthorsMail(account_id=12, author_id=4))
    url = f"https://town.example/unsubscribe/{stop}"
    assert mail["List-Unsubscribe"] == f"<{url}>, <mailto:unsubscribe+{stop}@mail.town.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"Stop these mails: {url}\n" in part(mail, "plain")
    assert f'href="{url}"' in part(mail, "html")


def test_no_machine_is_asked_to_answer() -> None:
    for mail in (read(), read(NOTICE)):
        assert mail["Auto-Submitted"].startswith("auto-")
        assert mail["X-Loop"] == "mail.town.example"


def test_posts_of_one_author_are_one_list() -> None:
    assert read()["List-Id"] == '"alice on Townwire" <author-4.mail.town.example>'
    assert read()["Feedback-ID"] == "alice:post:birdwire"


def test_a_conversation_is_one_thread() -> None:
    first, answer = read(), read(id=33, post_id=9, reply_to_id=7)
    assert first["References"] == answer["References"] == "<conversation.5@mail.town.example>"
    assert first["In-Reply-To"] is None
    assert answer["In-Reply-To"] == "<conversation.5@mail.town.example>"
    assert answer["Subject"].startswith("Re: Tea")


def test_the_body_is_text_and_html_with_absolute_links() -> None:
    mail = read()
    assert mail.get_content_type() == "multipart/alternative"
    assert part(mail, "plain").startswith(
        "Tea in the hall at four, bring @carol #tea\n\nhttps://town.example/@alice/7\n"
    )
    html = part(mail, "html")
    links = re.findall(r'href="([^"]*)"', html)
    assert "https://town.example/@carol" in links
    assert "https://town.example/tags/tea" in links
    assert "https://town.example/@alice/7" in links
    assert all(urlsplit(link).scheme == "https" for link in links)
    assert "src=" not in html
    assert "<img" not in html


def test_a_direct_message_shows_its_words_only_inside() -> None:
    mail = read(kind=PostKind.DIRECT)
    assert mail["Subject"] == "Direct message from alice"
    assert "Tea in the hall" in part(mail, "plain")
    assert "/@alice/7" not in mail.as_string()


def test_a_mention_and_a_repost_say_so_in_the_subject() -> None:
    assert read(mention=True)["Subject"].startswith("alice mentioned you: Tea")
    repost = read(kind=PostKind.REPOST, original_author="dora")
    assert repost["Subject"].startswith("alice reposted dora: Tea")
    assert part(repost, "plain").startswith("alice reposted dora:\n\nTea")


def test_a_notice_answers_the_mail_it_answers() -> None:
    mail = read(NOTICE)
    assert mail["Subject"] == "Re: follow alice"
    assert mail["In-Reply-To"] == mail["References"] == "<abc@example.org>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["From"].addresses[0].display_name == "Townwire"
    assert part(mail, "plain") == "You follow alice now.\n"
    assert "<p" in part(mail, "html")
    assert "You follow alice now." in part(mail, "html")
    assert mail["Reply-To"].addresses[0].username.startswith("reply+")
    assert not [name for name in mail if name.startswith("List-")]


@pytest.mark.parametrize(
    ("text", "notice", "subject"),
    [
        ("You follow alice now.", NoticeKind.NEWS, "You follow alice now"),
        ("carol asks to follow you. ACCEPT carol or DENY carol.", NoticeKind.REQUEST, "carol asks to follow you"),
        ("Townwire: your phone is gone. Write to us.", NoticeKind.NOTICE, "Your phone is gone"),
        ("no end " * 30, NoticeKind.NOTICE, "no end " * 10 + "no end…"),
        ("4821 is your code.", NoticeKind.PROOF, "Please confirm: Townwire"),
        ("You follow alice now.", NoticeKind.ANSWER, "Townwire"),
        ("", NoticeKind.NOTICE, "Townwire"),
    ],
)
def test_a_notice_of_our_own_has_its_first_sentence_for_its_subject(
    text: str, notice: NoticeKind, subject: str
) -> None:
    mail = read(NOTICE, subject="", in_reply_to="", text=text, notice=notice)
    assert mail["Subject"] == subject
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["In-Reply-To"] is None


@pytest.mark.parametrize("kind", NoticeKind)
def test_all_but_answers_and_codes_can_be_stopped(kind: NoticeKind) -> None:
    of_digest = kind is NoticeKind.DIGEST
    mail = digest(POST) if of_digest else read(NOTICE, subject="", in_reply_to="", notice=kind)
    stoppable = kind not in (NoticeKind.ANSWER, NoticeKind.PROOF)
    for header in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID"):
        assert (header in mail) == stoppable
    for each in ("plain", "html"):
        assert ("Stop all mails" in part(mail, each)) == stoppable
    assert mail["Reply-To"].addresses[0].username.startswith("reply+")


def test_a_request_says_how_it_is_answered() -> None:
    words = reply_people.asks_to_follow("carol")
    mail = read(NOTICE, in_reply_to="", notice=NoticeKind.REQUEST, text=words)
    for each in ("plain", "html"):
        assert "Answer this mail with ACCEPT or DENY." in part(mail, each)
        assert "DENY carol" not in part(mail, each)  # which is how a text answers
    assert part(mail, "plain").startswith("carol asks to follow you.\n\nAnswer")
    assert '<a href="https://town.example/requests"' in part(mail, "html")


def test_a_nudge_says_how_it_is_answered() -> None:
    mail = read(NOTICE, in_reply_to="", notice=NoticeKind.NUDGE, text=reply_together.nudge("carol"))
    assert part(mail, "plain").startswith("carol would like to hear from you.\n\nAnswer this mail, and")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Stop these mails"),
        ({"via": "#tea"}, "Stop these mails"),
        ({"via": "#tea", "mention": True}, "Stop these mails"),
        ({"mention": True}, "Stop all mails"),
        ({"kind": PostKind.DIRECT}, "Stop all mails"),
    ],
)
def test_the_link_says_whether_it_stops_all_mails(changes: dict[str, Any], words: str) -> None:
    mail = read(**changes)
    for each in ("plain", "html"):
        assert words in part(mail, each)
        assert part(mail, each).count("Stop ") == 1
    stops = unsubscribe.what_stops(dataclasses.replace(POST, **changes), SITE.key)
    assert isinstance(stops, AllMail) == (words == "Stop all mails")


def test_what_is_meant_for_one_is_not_filed_with_an_authors_posts() -> None:
    ids = {
        str(read(author_id=3, **changes)["List-Id"])
        for changes in ({}, {"mention": True}, {"kind": PostKind.DIRECT})  # type: ignore[var-annotated]  # kinds of values
    }
    assert ids == {
        '"alice on Townwire" <author-3.mail.town.example>',
        '"Mentions on Townwire" <mentions.mail.town.example>',
        '"Direct messages on Townwire" <direct.mail.town.example>',
    }
    renamed = read(author_id=3, author="alicia")
    assert renamed["List-Id"] == '"alicia on Townwire" <author-3.mail.town.example>'


def test_an_answer_names_the_mail_that_it_answers() -> None:
    answer = read(id=33, post_id=9, reply_to_id=7, answered_mail=31)
    assert answer["In-Reply-To"] == read()["Message-ID"]
    assert answer["References"].split() == ["<conversation.5@mail.town.example>", message_id(31, SITE)]


TEA = Thread("Tea at four?", "", "And who\nbrings @carol & <b>?", "dora", 7)


def test_an_answer_has_the_subject_of_its_conversation_and_shows_what_it_answers() -> None:
    answer = read(id=33, post_id=9, reply_to_id=7, thread=TEA, text="@dora I do")
    assert answer["Subject"] == "Re: Tea at four?"
    shown = "@dora I do\n\n> dora: And who\n> brings @carol & <b>?\n\nhttps://town.example/@alice/9\n"
    assert part(answer, "plain").startswith(shown)
    page = part(answer, "html")
    block = re.search(r"<blockquote[^>]*>(.*)</blockquote>", page, re.DOTALL)
    assert block is not None
    assert block[1] == ('<a href="https://town.example/@dora/7">dora</a>: And who<br>\nbrings @carol &amp; &lt;b&gt;?')
    assert page.index("I do</p>") < page.index("<blockquote")


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"mention": True}, "Re: Tea at four?"),
        ({"via": "#tea"}, "Re: Tea at four?"),
        ({"mention": True, "thread": TEA._replace(named_by="alice")}, "Re: alice mentioned you: Tea at four?"),
        ({"thread": TEA._replace(named_by="alice")}, "Re: alice mentioned you: Tea at four?"),
        ({"thread": TEA._replace(first="")}, "Re: @dora I do"),
        ({"thread": TEA._replace(first=""), "mention": True}, "alice mentioned you: @dora I do"),
        ({"thread": TEA._replace(first="two\nlines " * 9)}, "Re: " + ("two lines " * 9).strip()),
        ({"kind": PostKind.DIRECT}, "Re: Direct message from alice"),
    ],
)
def test_the_subject_of_an_answer(changes: dict[str, Any], subject: str) -> None:
    answer = {"id": 33, "post_id": 9, "reply_to_id": 7, "text": "@dora I do", "thread": TEA}
    assert read(**answer | changes)["Subject"] == subject


def test_an_answer_in_private_shows_whose_words_it_answers_without_a_link() -> None:
    mail = read(kind=PostKind.DIRECT, reply_to_id=7, thread=TEA)
    assert "> dora: And who\n" in part(mail, "plain")
    assert 'before">dora: And who<br>' in part(mail, "html")


def test_a_letter_that_shows_more_is_not_for_who_may_see_less() -> None:
    answer = {"id": 33, "post_id": 9, "reply_to_id": 7, "text": "@dora I do"}
    for thread in (TEA, None, TEA._replace(text=""), TEA._replace(first=""), TEA):
        mail = read(**answer, thread=thread)
        for each in ("plain", "html"):
            assert ("brings" in part(mail, each)) == bool(thread and thread.text)
        assert ("Tea" in mail["Subject"]) == bool(thread and thread.first)


def test_a_stranger_gets_no_token_to_reply_to() -> None:
    assert read(NOTICE, account_id=None)["Reply-To"] is None


def test_re_is_not_said_twice() -> None:
    assert read(NOTICE, subject="RE: follow alice")["Subject"] == "RE: follow alice"


@pytest.mark.parametrize(
    "text",
    ["Kaffee für alle – über Ärger", "今日は良い天気ですね、散歩に行きましょう" * 4, "🎉" * 140, "=?utf-8?q?x?="],
)
def test_any_script_comes_through(text: str) -> None:
    mail = read(text=text)
    assert mail["Subject"] == text
    assert part(mail, "plain").startswith(text + "\n")


def test_a_site_may_have_any_name() -> None:
    for name in ('The "Wire" \\ Co', "Örtlich <x@y>", "東京ワイヤー"):
        mail = read(site=dataclasses.replace(SITE, name=name))
        assert mail["From"].addresses[0].display_name == f"alice ({name})"
        assert mail["From"].addresses[0].addr_spec == "help@mail.town.example"


@pytest.mark.parametrize(
    "name", ["Ö" * 60, "The Very Long Name of a Community That Could Not Agree on " * 2, "東京" * 30]
)
def test_header_lines_are_as_short_as_receivers_may_ask(name: str) -> None:
    """RFC 2047 2: no line with an encoded word is longer than 76; RFC 5322 2.1.1 would have 78 for all that can be."""
    site = dataclasses.replace(SITE, name=name)
    for delivery in (POST, dataclasses.replace(POST, text="Grüße aus dem Süden " * 7), NOTICE):
        head = render(delivery, site).partition(b"\r\n\r\n")[0].decode()
        for line in head.split("\r\n"):
            if line.startswith(("From", "Subject", "List-Id", " =?")) or "=?" in line:
                assert len(line) <= 76, line
    written = message_from_bytes(render(POST, site), policy=compat32)["From"]  # `default` keeps folds within a name
    said = str(make_header(decode_header(written.replace("\r\n", ""))))
    assert said.replace('"', "").startswith(f"alice ({name})"[:120].strip())


def test_html_in_a_post_is_text() -> None:
    html = part(read(text='<script>alert(1)</script> & "x" \'y\' https://e.example/"onmouseover=1'), "html")
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert '"onmouseover' not in html


hostile = st.text(
    st.one_of(st.characters(), st.sampled_from('\r\n\t\x00\x0b\x0c\x1c\x85\u2028.=-:<>"\\ \ud800')), max_size=300
)


@given(text=hostile, subject=hostile, in_reply_to=hostile, to=hostile, name=hostile)
def test_no_text_whatever_adds_a_header_or_a_part(
    text: str, subject: str, in_reply_to: str, to: str, name: str
) -> None:
    site = dataclasses.replace(SITE, name=name)
    changes = {"text": text, "subject": subject, "in_reply_to": in_reply_to, "to": to}
    calm = {"text": "x", "subject": "x", "in_reply_to": "", "to": "x"}
    answer = dataclasses.replace(POST, thread=Thread(subject, "", text, "dora", 7))
    for delivery in (POST, answer, NOTICE):
        raw = render(dataclasses.replace(delivery, **changes), site)  # type: ignore[arg-type]  # all four are text
        head = raw.partition(b"\r\n\r\n")[0]
        plain = render(dataclasses.replace(delivery, **calm), site)  # type: ignore[arg-type]  # all four are text
        names = {line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] != b" "}
        if delivery is NOTICE and b"In-Reply-To" in names:  # then it is an answer, which nobody stops
            calm["in_reply_to"] = "<a@b.example>"
            plain = render(dataclasses.replace(delivery, **calm), site)  # type: ignore[arg-type]  # all four are text
        usual = {line.split(b":")[0] for line in plain.partition(b"\r\n\r\n")[0].split(b"\r\n") if line[:1] != b" "}
        assert names - {b"In-Reply-To", b"References"} == usual - {b"In-Reply-To", b"References"}
        assert raw.count(b"--=_birdwire") == plain.count(b"--=_birdwire")
        assert not re.search(rb"(?<!\r)\n|\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", raw)
        assert max(map(len, raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76


@given(
    text=st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"),
        max_size=140,
    )
)
def test_the_plain_part_holds_the_very_words(text: str) -> None:
    body = message_from_bytes(render(dataclasses.replace(POST, text=text), SITE), policy=default).get_body(("plain",))
    assert body is not None
    raw = body.get_payload(decode=True)
    assert isinstance(raw, bytes)
    assert raw.decode().replace("\r\n", "\n").startswith(text)


def test_a_letter_is_never_another_posts() -> None:
    one = read(text="first words")
    other = read(text="second words", id=34)
    assert "first" in part(one, "plain")
    assert "second" in part(other, "plain")
    assert "first" not in other.as_string()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "You get this because you follow alice."),
        ({"mention": True}, "You get this because alice mentions you."),
        ({"via": "#tea"}, "You get this because you track #tea."),
        ({"via": "!team"}, "You get this because you are in !team."),
    ],
)
def test_a_mail_says_why_it_came(changes: dict[str, Any], why: str) -> None:
    part = read(**changes).get_body(("plain",))
    assert part is not None
    assert why in part.get_content()


def test_a_digest_shows_what_an_answer_answers_unless_that_stands_in_it() -> None:
    older = Thread("older", "", "older words", "carol", 2)
    answer = dataclasses.replace(POST, id=33, post_id=9, reply_to_id=2, text="@carol yes", thread=older)
    again = dataclasses.replace(
        POST, id=34, post_id=11, reply_to_id=9, text="@alice no", thread=TEA._replace(post_id=9)
    )
    mail = digest(answer, again)
    assert "@carol yes\n> carol: older words\nhttps://" in part(mail, "plain")
    assert "@alice no\nhttps://" in part(mail, "plain")
    assert part(mail, "html").count("<blockquote") == 1
    alone = digest(again)
    assert "@alice no\n> dora: And who\n> brings" in part(alone, "plain")
    assert "<blockquote" not in part(digest(dataclasses.replace(again, thread=None)), "html")


GERMAN = dataclasses.replace(SITE, languages=languages())


def body_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("code", ["de", ""])
def test_a_post_is_mailed_in_the_recipients_language_whoever_got_it_before(code: str) -> None:
    read(site=GERMAN, language="" if code else "de")
    message = read(site=GERMAN, language=code)
    german = code == "de"
    why = "Du bekommst das, weil du alice folgst." if german else "You get this because you follow alice."
    stop = "Diese Mails abbestellen" if german else "Stop these mails"
    assert why in body_of(message, "plain")
    assert f"{stop}: https://town.example/unsubscribe/" in body_of(message, "plain")
    assert why in body_of(message, "html")
    assert f">{stop}</a>" in body_of(message, "html")
    assert f">{'Diesen Beitrag öffnen' if german else 'Open this post'}</a>" in body_of(message, "html")
    assert message["List-Id"].startswith('"alice bei Townwire"' if german else '"alice on Townwire"')


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"kind": PostKind.DIRECT}, "Direktnachricht von alice"),
        ({"mention": True}, "alice hat dich erwähnt: Tea in the hall at four, bring @carol #tea"),
        ({"original_author": "bob"}, "alice gibt bob weiter: Tea in the hall at four, bring @carol #tea"),
    ],
)
def test_subjects_in_german(changes: dict[str, Any], subject: str) -> None:
    assert read(site=GERMAN, language="de", **changes)["Subject"] == subject


def test_a_digest_is_in_the_readers_language_with_the_day_of_each_post() -> None:
    posts = tuple(
        dataclasses.replace(
            POST, id=40 + n, author=name, post_id=7 + n, conversation_id=7 + n, queued_at=POST.queued_at - timedelta(n)
        )
        for n, name in enumerate(("alice", "bob"))
    )
    delivery = dataclasses.replace(
        NOTICE,
        notice=NoticeKind.DIGEST,
        text="",
        subject="",
        in_reply_to="",
        digest=Digest(posts, 3, "Europe/Berlin", ()),
        queued_at=POST.queued_at,
    )
    for language in ("en", "de", "en"):
        german = language == "de"
        message = read(delivery, site=GERMAN, language=language)
        assert message["Subject"] == (
            "5 Beiträge: alice, bob und andere" if german else "5 posts: alice, bob and others"
        )
        plain, html = body_of(message, "plain"), body_of(message, "html")
        assert ("bob · So., 10:30" if german else "bob · Sun 10:30") in plain
        assert f"{'Antworten' if german else 'Answer'}: reply+" in plain
        assert ("und 3 weitere" if german else "and 3 more") in html
        assert f'<html lang="{language}">' in html
