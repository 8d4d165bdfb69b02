"""Posts, answers, direct messages, reposts, favourites, and taking words back."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import assert_never

from gateway.domain import reply, reply_people, reply_posts, reply_together
from gateway.domain.carriage import in_words
from gateway.domain.delivery import State
from gateway.domain.reaction import Seen
from gateway.domain.speech import say
from gateway.domain.text import leading_mention, normalise, split
from gateway.domain.types import NAME_PATTERN, EmailMode, PostKind
from gateway.service import following, posting
from gateway.service.answering.asked import Asked, blocks, meant, nobody, times_told
from gateway.service.posting import Duplicate, Nothing, Protected, Published, TooLong, TooMany
from gateway.service.site import Site
from store import accounts, deliveries, follows, offers, posts, recall, relations
from store.accounts import AccountRow
from store.posts import PostRow

_DAY, _TOLD_BY_MAIL = timedelta(days=1), 3
"""How often in what time somebody is told by mail that what they answered is no post."""

_NAME = re.compile(rf"\b{NAME_PATTERN}\b")
_NAMES = 9
"""Words of a text that are looked at for the name of whom it is about."""

_SAME_BY_MAIL = 2
"""How often somebody may say the same by mail among their last ten posts in one conversation. Two answering machines
without a mark, however slow, would say it to each other for ever."""


@dataclass(frozen=True, slots=True)
class Written:
    """A post and who wrote it."""

    post: PostRow
    author: AccountRow


async def post(asked: Asked, me: AccountRow, text: str, *, answer: str = "") -> str:
    """Post it. ``answer`` is said when all went as usual; a plain post is answered by silence."""
    if me.name is None:
        return reply.name_first(asked.sign_up_with)
    outcome = await posting.publish(
        asked.unit, asked.site, me.id, text, source=asked.source, now=asked.now, cut=asked.told.cut
    )
    return what_became(asked.site, me.name, outcome, text, answer)


async def post_offered(asked: Asked, me: AccountRow) -> str:
    """Y: post what was offered."""
    offer = await offers.pending(asked.unit, asked.address.id, now=asked.now)
    if offer is None or offer.kind != "post":
        return reply_posts.nothing_offered()
    await offers.close(asked.unit, asked.address.id, now=asked.now)
    asked = replace(asked, told=replace(asked.told, cut=""))  # what was cut off the Y says nothing of the post
    return await post(asked, me, offer.words, answer=reply_posts.posted())


async def direct(asked: Asked, me: AccountRow, name: str, text: str) -> str:
    """Write to one person who follows the sender. Whatever is wrong, it never becomes a post."""
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return reply_posts.direct_to_nobody(name)
    if other.id == me.id:
        return reply_people.not_oneself()
    if await blocks(asked, me, other):
        return reply_people.you_block(name)
    if not text.strip():
        return reply_posts.direct_without_text(name)
    return await _write_to(asked, me, other, text, None)


async def answer_last(asked: Asked, me: AccountRow, text: str) -> str:
    """Answer what this mail replies to, or the last post texted to this phone."""
    if not text.strip():
        return reply_posts.reply_without_text()
    target = await last_received(asked, me)
    if target is None:
        return await _nothing_to_answer(asked)
    return await _answer(asked, me, target, text)


async def _nothing_to_answer(asked: Asked) -> str:
    """By mail this is said a few times a day: an answering machine without any mark would go on for ever."""
    words = reply_posts.nothing_to_answer()
    if asked.by_phone:
        return words
    return words if await times_told(asked, _DAY, words) < _TOLD_BY_MAIL else ""


async def answer(asked: Asked, me: AccountRow, name: str | None, text: str, words: str) -> str:
    """Answer the last that came from ``name``, else their last post; when nobody is called that, ``words`` answer the
    last post received. A direct message is answered in private."""
    if name is None:
        return await answer_last(asked, me, words)
    other = await following.find(asked.unit, name, asker_id=me.id)
    if other is None:
        return await nobody(asked, name) if words.startswith(("@", "＠")) else await answer_last(asked, me, words)
    if await blocks(asked, me, other):
        return reply_people.you_block(name)
    if not text.strip():
        return reply_posts.reply_without_text()
    received = await recall.last_from(asked.unit, other.id, me.id)
    came = None if received is None else await posts.by_id(asked.unit, received)
    if came is not None and came.to_account_id is None and not await following.may_read(asked.unit, other, me.id):
        came = None
    target = came or await last_written(asked, me, other)
    if target is None:
        return reply_posts.no_posts(name)
    return await _answer(asked, me, Written(target, other), text)


async def repost(asked: Asked, me: AccountRow, name: str | None) -> str:
    """Pass on the last post of ``name``, or (None) the last one received."""
    target = await _named_or_last(asked, me, name)
    if isinstance(target, str):
        return target
    author = target.author
    if target.post.kind == PostKind.DIRECT:
        return reply_posts.not_a_direct()
    if author.id == me.id:
        return reply_people.not_oneself()
    outcome = await posting.repost(asked.unit, asked.site, me.id, target.post.id, source=asked.source, now=asked.now)
    match outcome:
        case Published():
            return reply_posts.reposted(author.name or "")
        case Duplicate():
            return reply_posts.already_reposted(author.name or "")
        case Protected():
            return reply_posts.cannot_repost(author.name or "")
        case TooMany(limit):
            return reply_posts.too_many_posts(limit)
        case _:
            assert_never(outcome)


async def decline(asked: Asked) -> str | None:
    """N: leave what was offered, or the code that was asked for; None where there was neither."""
    if await offers.pending(asked.unit, asked.address.id, now=asked.now) is None:
        return None
    await offers.close(asked.unit, asked.address.id, now=asked.now)
    return reply_posts.declined()


async def react(asked: Asked, me: AccountRow, to: Seen) -> str | None:
    """What a phone says when somebody reacts to a text of ours: to like a post that came is to mark it. None where it
    quotes nothing of ours, and so is what somebody wrote."""
    other = None if to.name is None else await following.find(asked.unit, to.name, asker_id=me.id)
    if not to.sure:  # it may be what somebody wrote, who is told why it went nowhere
        texted = await _was_texted(asked, me, to)
        return reply_posts.only_quotes_a_text((other and other.name) or "") if texted else None
    if other is None:
        return await _react_to_no_member(asked, me, to)
    received = await recall.last_from(asked.unit, other.id, me.id)
    for post_id in (asked.address.last_post_id, received):
        found = await _first_hand(asked, post_id)
        if found is None or found.author_id != other.id or not to.likes or not to.quotes(found.text):
            continue
        if found.deleted_at is None and found.kind != PostKind.DIRECT and not await blocks(asked, me, other):
            await posting.favourite(asked.unit, me.id, found.id, now=asked.now)
            return reply_posts.favoured(other.name or "")
    return reply_posts.only_the_last_by_reaction(other.name or "")


async def _react_to_no_member(asked: Asked, me: AccountRow, to: Seen) -> str | None:
    """The same for words that are nobody's whom the asker may know of: of a member who is hidden from them now, or of
    our own. A direct message is not for the public, whoever wrote it."""
    hidden = None if to.name is None else await accounts.by_name(asked.unit, to.name)
    if to.direct or (hidden is not None and await recall.last_from(asked.unit, hidden.id, me.id) is not None):
        return reply_posts.declined()
    return "" if await _is_of_our_own(asked, me, to) else None


async def _was_texted(asked: Asked, me: AccountRow, to: Seen) -> bool:
    """Whether the whole quotation is a text that went to them, be its author hidden from them now; or may be one, where
    a post of that author's was deleted since, with its words."""
    author = None if to.name is None else await accounts.by_name(asked.unit, to.name)
    if author is not None:
        for kind, original, text in await recall.texted_by(asked.unit, author.id, me.id):
            if not text or to.quotes_all(in_words(kind, author.name, original, text).text):
                return True
    return await _is_of_our_own(asked, me, to)


async def _is_of_our_own(asked: Asked, me: AccountRow, to: Seen) -> bool:
    """Whether it quotes words of the site's: an answer of the last day, or what it told them without being asked."""
    if to.quoted.startswith(f"{asked.site.name}: ") or any(map(to.quotes_all, _about_others(asked, to))):
        return True
    answers = await recall.answers_since(asked.unit, asked.address.address, asked.now - _DAY)
    return any(map(to.quotes_all, [*answers, *await recall.noticed(asked.unit, me.id)]))


def _about_others(asked: Asked, to: Seen) -> Iterator[str]:
    """What members are told of others who are named there, which is not for the public however long ago it was."""
    for name in dict.fromkeys(found[0] for found in islice(_NAME.finditer(to.quoted), _NAMES)):
        for words in (reply_people.asks_to_follow, reply_people.was_accepted, reply_together.nudge):
            yield from asked.site.languages.in_each(partial(words, name))


async def favourite(asked: Asked, me: AccountRow, name: str | None) -> str:
    """Mark the last post of ``name``, or (None) the last one received; twice is the same as once."""
    target = await _named_or_last(asked, me, name)
    if isinstance(target, str):
        return target
    if target.post.kind == PostKind.DIRECT:
        return reply_posts.not_a_direct()
    await posting.favourite(asked.unit, me.id, target.post.id, now=asked.now)
    return reply_posts.favoured(target.author.name or "")


async def undo(asked: Asked, me: AccountRow) -> str:
    """Delete one's last words, wherever they are by now."""
    post_id = await posting.last_own_post(asked.unit, me.id)
    last = None if post_id is None else await posts.by_id(asked.unit, post_id)
    if last is None:
        return reply_posts.nothing_to_undo()
    await posting.delete(asked.unit, last.id, now=asked.now)
    if not asked.from_their_own:
        return reply_posts.undone_unsaid()
    if last.to_account_id is not None and await _has_gone_out(asked, last.id):
        reader = await accounts.by_id(asked.unit, last.to_account_id)
        return reply_posts.undone_too_late((reader and reader.name) or say("them"), last.text)
    return reply_posts.undone(last.text)


async def last_written(asked: Asked, me: AccountRow, author: AccountRow) -> PostRow | None:
    """The author's newest post, if there is one and the asker may see it."""
    if not await following.may_read(asked.unit, author, me.id):
        return None
    post_id = await posts.latest_post(asked.unit, author.id)
    return None if post_id is None else await posts.by_id(asked.unit, post_id)


async def last_received(asked: Asked, me: AccountRow) -> Written | None:
    """What a bare R, RT or FAV means: the post that a mail answers, or the last one texted to this phone, and who
    wrote it. None if there is none, or it may not be seen any more."""
    if asked.told.answers_delivery is not None:
        found = await answered_post(asked)
    else:
        found = await _first_hand(asked, asked.address.last_post_id)
    if found is None or found.deleted_at is not None:
        return None
    author = await author_seen(asked, me, found.author_id, sent_to=found.to_account_id)
    return None if author is None else Written(found, author)


async def answered_post(asked: Asked) -> PostRow | None:
    """The post that a mail answers, which is the original where it was passed on; None if the mail answers none."""
    answered = asked.told.answers_delivery
    delivery = None if answered is None else await deliveries.by_id(asked.unit, answered)
    return None if delivery is None else await _first_hand(asked, delivery.post_id)


async def author_seen(asked: Asked, me: AccountRow, author_id: int, *, sent_to: int | None = None) -> AccountRow | None:
    """Who wrote a post; None if the asker may not see it any more. ``sent_to`` is who alone got a direct message."""
    author = await accounts.by_id(asked.unit, author_id)
    if author is None or author.name is None or not await following.is_there_for(asked.unit, author, me.id):
        return None
    seen = sent_to == me.id or await following.may_read(asked.unit, author, me.id)
    return author if seen else None


async def _first_hand(asked: Asked, post_id: int | None) -> PostRow | None:
    """The post, or the one that it passes on."""
    found = None if post_id is None else await posts.by_id(asked.unit, post_id)
    if found is None or found.repost_of_id is None:
        return found
    return await posts.by_id(asked.unit, found.repost_of_id)


async def _named_or_last(asked: Asked, me: AccountRow, name: str | None) -> Written | str:
    """What a command about a post means, or the answer when it means none."""
    if name is None:
        received = await last_received(asked, me)
        if received is None:
            return reply_posts.nothing_to_mark()
        blocked = await blocks(asked, me, received.author)
        return reply_people.you_block(received.author.name or "") if blocked else received
    other = await meant(asked, me, name)
    if isinstance(other, str):
        return other
    last = await last_written(asked, me, other)
    return reply_posts.no_posts(name) if last is None else Written(last, other)


async def _answer(asked: Asked, me: AccountRow, to: Written, text: str) -> str:
    """Answer a post in public, a direct message in private."""
    if await blocks(asked, me, to.author):
        return reply_people.you_block(to.author.name or "")
    name, direct_ = to.author.name or "", to.post.kind == PostKind.DIRECT
    addressed = text if direct_ or leading_mention(text) == name else f"@{name} {text}"
    if not asked.by_phone:
        said = await posts.said_in(asked.unit, to.post.conversation_id, me.id, _first_posts(normalise(addressed)))
        if said >= _SAME_BY_MAIL:
            return reply_posts.said_before(_SAME_BY_MAIL)
    if direct_:
        return await _write_to(asked, me, to.author, text, to.post.id)
    outcome = await posting.publish(
        asked.unit,
        asked.site,
        me.id,
        addressed,
        source=asked.source,
        now=asked.now,
        reply_to=to.post.id,
        cut=asked.told.cut,
    )
    return what_became(asked.site, me.name or "", outcome, text, reply_posts.answered(name))


def _first_posts(text: str) -> list[str]:
    """How the first post of this text may stand in the database: whole, or as the first of its pieces."""
    return [text, *(split(text) or ())[:1]]


async def _write_to(asked: Asked, me: AccountRow, other: AccountRow, text: str, reply_to: int | None) -> str:
    name = other.name or ""
    edge = await follows.edge(asked.unit, me.id, other.id)
    if edge is None or edge.state != "accepted":
        return reply_posts.direct_refused(name)
    outcome = await posting.direct(
        asked.unit,
        asked.site,
        me.id,
        other.id,
        text,
        source=asked.source,
        now=asked.now,
        reply_to=reply_to,
        cut=asked.told.cut,
    )
    match outcome:
        case Published(post_ids):
            by_mail = other.mail_id is not None and other.email_mode != EmailMode.OFF
            reached = by_mail or other.sms_route is not None
            muted = await relations.mutes_other(asked.unit, me.id, other.id)
            return reply_posts.direct_sent(name, len(post_ids), reached=reached, muted=muted)
        case TooLong(over):
            return reply_posts.with_text(reply_posts.direct_too_long(over), text)
        case Duplicate():
            return reply_posts.direct_twice(name)
        case Nothing():
            return reply_posts.direct_without_text(name)
        case TooMany(limit):
            return reply_posts.too_many_directs(limit)
        case _:
            assert_never(outcome)


async def _has_gone_out(asked: Asked, post_id: int) -> bool:
    """Whether somebody has the post, or may have it."""
    counts = await deliveries.counts_of_post(asked.unit, post_id)
    return any(state not in (State.QUEUED, State.GATHERED, State.DEAD) for _, state in counts)


def what_became(site: Site, name: str, outcome: posting.Outcome, text: str, answer: str = "") -> str:
    """What the writer, called ``name``, hears: ``answer`` when all went as usual, else what was different."""
    match outcome:
        case Published(post_ids, cut=True):
            return reply_posts.posted_cut(f"{site.public_url}/@{name}/{post_ids[0]}")
        case Published(post_ids):
            return answer if len(post_ids) == 1 else reply_posts.posted_split(len(post_ids))
        case TooLong(over):
            return reply_posts.with_text(reply_posts.too_long(over), text)
        case Duplicate():
            return reply_posts.duplicate()
        case Nothing():
            return reply_posts.empty()
        case TooMany(limit):
            return reply_posts.too_many_posts(limit)
        case _:
            assert_never(outcome)
