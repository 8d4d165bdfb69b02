"""What a claimed delivery carries, whether it may still go out, and in which words.

Between queueing and sending a post can be deleted, a follower blocked, a phone stopped: so every rule is asked again
with what is true at the claim. What was forbidden in between is never sent.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from gateway.domain import sms_text
from gateway.domain.delivery import LONGEST_VALIDITY, SHORTEST_VALIDITY
from gateway.domain.quiet import held_until
from gateway.domain.speech import mark
from gateway.domain.types import STOPPABLE, Channel, EmailMode, Lane, NoticeKind, Outgoing, PostKind, Thread

_KINDS = {kind.value: kind for kind in PostKind}
"""By what the database calls them; asking the enum takes forty times as long."""


@dataclass(slots=True)
class Carriage:
    """A delivery this worker holds a lease on, with all that is known about what it carries and who gets it.

    ``to`` is None when the recipient has no usable address any more. On a notice the fields about a post are None, and
    ``muted`` and ``blocked`` are about whose doing it was, if it was anybody's.
    ``via`` is what the recipient listens to that the post came for, None for a follower; ``via_*`` how, None if no
    longer; ``via_mail`` is also None where a mail is wanted only in place of a text. ``answered_mail`` and ``thread``
    are of answers by mail alone: the delivery of an earlier mail to the recipient that the post answers, and what they
    may see of what it goes on from.
    One is made for every delivery; freezing its many fields would take ten times as long as filling them.
    """

    id: int
    attempt: int
    channel: str
    route: int
    lane: int
    queued_at: datetime
    account_id: int | None
    notice: str | None
    subject: str | None
    in_reply_to: str | None
    answers: bool | None
    notice_kind: str | None
    recipient_gone: bool | None
    language: str | None
    texts_on: bool | None
    email_mode: str | None
    sleeps_at: datetime | None
    wakes_at: datetime | None
    follow_state: str | None
    follow_texts: bool | None
    follow_mail: bool | None
    via: str | None
    via_texts: bool | None
    via_mail: bool | None
    muted: bool | None
    blocked: bool | None
    address_id: int | None
    to: str | None
    opted_out_at: datetime | None
    dead: bool | None
    excused: int
    reply_version: int | None
    post_id: int | None
    kind: str | None
    text: str | None
    original_text: str | None
    conversation_id: int | None
    reply_to_id: int | None
    author_id: int | None
    author: str | None
    original_author: str | None
    withdrawn: bool | None
    author_gone: bool | None
    author_protected: bool | None
    original_protected: bool | None
    answered_mail: int | None = None
    thread: Thread | None = None


def objection(carriage: Carriage) -> str:
    """Why this delivery must not go out; empty when it may. What is not marked is told to no author as it is
    (``gateway.domain.reason``)."""
    if carriage.to is None:
        if carriage.channel == Channel.SMS:
            return mark("the recipient has no phone any more")
        return mark("the recipient has no mailbox any more")
    if carriage.dead and carriage.channel == Channel.SMS:
        return mark("the recipient's phone does not exist")
    if carriage.dead and not carriage.answers:
        return mark("mails to the recipient's mailbox are stopped")
    if carriage.opted_out_at is not None and not (carriage.answers and carriage.queued_at >= carriage.opted_out_at):
        return "the recipient has opted out"
    if carriage.post_id is not None:
        return _objection_to_post(carriage)
    return _objection_to_notice(carriage)


def asleep_until(carriage: Carriage, now: datetime) -> datetime | None:
    """When this text is due again if its recipient sleeps now; None if they do not, or it answers what they texted.
    Mail wakes nobody."""
    if carriage.channel != Channel.SMS or carriage.answers or carriage.sleeps_at is None or carriage.sleeps_at > now:
        return None
    assert carriage.wakes_at is not None
    return held_until(carriage.wakes_at, now)


def quiet_from(carriage: Carriage) -> datetime | None:
    """When this text must have arrived by, since its recipient sleeps from then on; None if that is no matter."""
    return None if carriage.channel != Channel.SMS or carriage.answers else carriage.sleeps_at


def after_quiet(carriage: Carriage, handed_over_at: datetime, now: datetime) -> datetime | None:
    """When this text is due again if it was not handed on in time since that was cut short by quiet hours: after them
    if they have begun or are about to, at once if their recipient is awake again. None if they were not the cause.

    Whoever has woken sleeps again on the next evening, so the quiet hours that cut it short began a day before that."""
    if asleep_until(carriage, now + SHORTEST_VALIDITY) is not None:
        assert carriage.wakes_at is not None
        return held_until(carriage.wakes_at, now)
    sleeps_at = quiet_from(carriage)
    if sleeps_at is None:
        return None
    began = sleeps_at - timedelta(days=1)
    return now if began - LONGEST_VALIDITY <= handed_over_at < began <= now else None


def _objection_to_notice(carriage: Carriage) -> str:
    if carriage.notice is None:
        return mark("what it carried is gone")
    if carriage.blocked:
        return "one has blocked the other"
    if carriage.muted and carriage.lane != Lane.ANSWER:  # a question that must be answered is heard all the same
        return "the recipient has muted who caused it"
    if carriage.channel != Channel.EMAIL or carriage.answers or carriage.notice_kind not in STOPPABLE:
        return ""
    if carriage.recipient_gone:
        return mark("the recipient is suspended or gone")
    return "the recipient has turned mail off" if carriage.email_mode == EmailMode.OFF else ""


def _objection_to_post(carriage: Carriage) -> str:
    if carriage.withdrawn:
        return mark("the post was deleted")
    if carriage.author_gone:
        return mark("the author is suspended or gone")
    if carriage.recipient_gone:
        return mark("the recipient is suspended or gone")
    if carriage.blocked:
        return "one has blocked the other"
    if carriage.channel == Channel.SMS and not carriage.texts_on:
        return "the recipient has turned texts off"
    if carriage.channel == Channel.EMAIL and carriage.email_mode == EmailMode.OFF:
        return "the recipient has turned mail off"
    if carriage.muted:
        return "the recipient has muted the author"
    if carriage.kind == PostKind.DIRECT:
        return ""
    if carriage.original_protected:
        return mark("the author of what was reposted is protected now")
    follows = carriage.follow_state == "accepted"
    if carriage.author_protected and not follows:
        return mark("the author no longer shows it to the recipient")
    if carriage.via is not None:
        return "" if _listens(carriage) else "the recipient no longer asks for what it came for"
    if carriage.lane >= Lane.FIRST:
        if not follows:
            return "the recipient no longer follows the author"
        if carriage.channel == Channel.SMS and not carriage.follow_texts:
            return "the recipient has turned this author's texts off"
        if carriage.channel == Channel.EMAIL and carriage.follow_mail is False:
            return "the recipient has turned this author's mails off"
    return ""


def _listens(carriage: Carriage) -> bool:
    """Whether the recipient still listens to what it came for, and does not refuse it on this channel."""
    if carriage.via_texts is None:
        return False
    return carriage.via_texts if carriage.channel == Channel.SMS else carriage.via_mail is not False


def outgoing(carriage: Carriage, sender: str, valid_for: int = 0) -> Outgoing:
    """The delivery as a transport gets it. On SMS the words are final: ``alice: hello``, ``D alice: hello``."""
    assert carriage.to is not None
    by_sms = carriage.channel == Channel.SMS
    text = carriage.notice if carriage.post_id is None else carriage.original_text or carriage.text
    assert text is not None
    segments = 0
    if by_sms:
        composed = in_words(carriage.kind, carriage.author, carriage.original_author, text)
        text, segments = composed.text, composed.segments
    delivery = Outgoing(
        id=carriage.id,
        attempt=carriage.attempt,
        channel=Channel.SMS if by_sms else Channel.EMAIL,
        to=carriage.to,
        text=text,
        queued_at=carriage.queued_at,
        sender=sender,
        segments=segments,
        author=carriage.author or "",
        author_id=carriage.author_id,
        post_id=carriage.post_id,
        conversation_id=carriage.conversation_id,
        reply_to_id=carriage.reply_to_id,
        kind=None if carriage.kind is None else _KINDS[carriage.kind],
        mention=carriage.lane == Lane.MENTION,
        via=carriage.via or "",
        original_author=carriage.original_author or "",
        account_id=carriage.account_id,
        address_id=carriage.address_id or 0,
        valid_for=valid_for,
        excused=carriage.excused,
        notice=_notice_kind(carriage) if carriage.post_id is None else None,
    )
    if not by_sms:
        delivery.subject = carriage.subject or ""
        delivery.in_reply_to = carriage.in_reply_to or ""
        delivery.language = carriage.language or ""
        delivery.reply_version = carriage.reply_version or 0
        delivery.answered_mail = carriage.answered_mail
        delivery.thread = carriage.thread
    return delivery


def _notice_kind(carriage: Carriage) -> NoticeKind:
    return NoticeKind.ANSWER if carriage.answers else NoticeKind(carriage.notice_kind or NoticeKind.NOTICE)


@lru_cache(maxsize=1_000)
def in_words(kind: str | None, author: str | None, original_author: str | None, text: str) -> sms_text.Composed:
    """The words on SMS, which are the same for all whom a post goes to."""
    match kind:
        case None:
            return sms_text.compose_any(text)
        case PostKind.DIRECT:
            return sms_text.compose(f"D {author}: {text}")
        case PostKind.REPOST:
            return sms_text.compose(f"{author}: RT @{original_author}: {text}")
        case _:
            return sms_text.compose(f"{author}: {text}")
