"""One mail of every kind that goes out, in any script, for the tests that hold mails to the rules of others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gateway.domain.types import Channel, Digest, NoticeKind, Outgoing, PostKind, Thread
from gateway.service.site import Site

SITE = Site(name="Townwire & Co", public_url="https://town.example", mail_domain="mail.town.example", key=b"k" * 32)
POST = Outgoing(
    id=31,
    attempt=1,
    channel=Channel.EMAIL,
    to="bob@example.org",
    text="Tea in the hall at four, bring @carol #tea\nhttps://x.example/a?b=1&c=<2>",
    queued_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    author="alice",
    author_id=3,
    post_id=7,
    conversation_id=5,
    kind=PostKind.POST,
    account_id=12,
    address_id=21,
)
NOTICE = replace(
    POST,
    id=32,
    author="",
    author_id=None,
    post_id=None,
    conversation_id=None,
    kind=None,
    text="carol asks to follow you. ACCEPT carol or DENY carol.\n\nhttps://town.example/requests?a=1&b=2 <b>",
    notice=NoticeKind.REQUEST,
)
ANSWER = replace(POST, id=33, post_id=9, author="dora", author_id=4, reply_to_id=7, answered_mail=31)
REPOST = replace(POST, id=34, post_id=10, author="eve", author_id=5, kind=PostKind.REPOST, original_author="alice")
OLDER = replace(
    POST, id=35, post_id=3, conversation_id=3, text="مرحبا بالجميع", queued_at=POST.queued_at - timedelta(days=1)
)
DIGEST = replace(NOTICE, id=40, text="", notice=NoticeKind.DIGEST)

LETTERS: dict[str, Outgoing] = {
    "a post": POST,
    "an answer": ANSWER,
    "an answer to what never came": replace(ANSWER, answered_mail=None),
    "an answer that shows what it answers": replace(
        ANSWER, thread=Thread(POST.text, "", f'{POST.text} &amp; <b>\n> "x"', "alice", 7)
    ),
    "an answer to who was named before": replace(
        ANSWER, mention=True, thread=Thread("Grüße an @bob 🎉 " * 9, "alice", "🎉" * 140, "alice", 7)
    ),
    "an answer to a direct message": replace(
        ANSWER, kind=PostKind.DIRECT, thread=Thread("", "", "The key is under the mat", "bob", 7)
    ),
    "a repost": REPOST,
    "a post for a tag": replace(POST, via="#tea"),
    "a post to a group": replace(POST, via="!team"),
    "a mention": replace(POST, mention=True),
    "a direct message": replace(POST, kind=PostKind.DIRECT),
    "a post of nothing but markup": replace(POST, text='<script>alert("1")</script> & \' " >'),
    "a long post": replace(POST, text="word " * 28),
    "a post without a space": replace(POST, text="x" * 140),
    "a post in emoji": replace(POST, text="🎉" * 140),
    "a post from right to left": OLDER,
    **{f"a {kind} of ours": replace(NOTICE, notice=kind) for kind in NoticeKind if kind is not NoticeKind.DIGEST},
    "an answer to a mail": replace(
        NOTICE, notice=NoticeKind.ANSWER, subject="Re: grüß dich " * 9, in_reply_to="<abc.def@example.org>"
    ),
    "an answer to a stranger": replace(NOTICE, notice=NoticeKind.ANSWER, account_id=None, in_reply_to="<a@b.example>"),
    "a digest of one": replace(DIGEST, digest=Digest((POST,), 0, "Europe/Berlin")),
    "a digest of several": replace(DIGEST, digest=Digest((OLDER, POST, ANSWER, REPOST), 0, "Asia/Kolkata")),
    "a digest with answers": replace(
        DIGEST,
        digest=Digest(
            (
                replace(ANSWER, thread=Thread("x", "", "older & <b>wiser</b>\nthan I", "carol", 2)),
                replace(ANSWER, post_id=11, thread=Thread("x", "", ANSWER.text, "dora", 9)),
            ),
            0,
            "UTC",
        ),
    ),
    "a digest of too many": replace(
        DIGEST,
        digest=Digest(
            tuple(
                replace(
                    POST, id=n, post_id=n, text=f"{n} " + "🎉ü" * 66, thread=Thread("", "", "🎉" * 140, "x" * 15, 7)
                )
                for n in range(100, 140)
            ),
            37,
        ),
    ),
}
