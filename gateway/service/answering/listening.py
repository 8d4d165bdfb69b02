"""Words, tags and groups: who wants to hear what, and what is written to a group."""

from typing import assert_never

from gateway.domain import reply_listening
from gateway.domain.folding import one_word
from gateway.domain.speech import say
from gateway.domain.text import Tag, parts
from gateway.service import listening, posting
from gateway.service.answering.asked import Asked, offer_to_post, or_post
from gateway.service.answering.words import what_became
from gateway.service.listening import Listens, NoSuchGroup, TooMany
from store import groups, listeners
from store.accounts import AccountRow


async def track(asked: Asked, me: AccountRow, word: str) -> str:
    """Let what has this word or ``#tag`` come here, whoever writes it."""
    key = _key(word)
    if key is None:
        return reply_listening.not_one_word()
    match await _listen(asked, me, key):
        case Listens(again=True):
            return reply_listening.tracked_already(key)
        case Listens():
            return reply_listening.tracked(key)
        case TooMany(limit):
            return reply_listening.too_many_tracks(limit)


async def untrack(asked: Asked, me: AccountRow, word: str | None) -> str:
    """Track one word or ``#tag``, or (None) all, no longer."""
    if word is None:
        return reply_listening.untracked_all(await listening.end_words(asked.unit, me.id))
    key = _key(word)
    ended = key is not None and await listening.end(asked.unit, me.id, key)
    return reply_listening.untracked(key or word) if ended else reply_listening.not_tracked(key or say("that"))


async def follow_tag(asked: Asked, me: AccountRow, tag: str) -> str:
    """The same as to track it."""
    match await _listen(asked, me, f"#{tag}"):
        case Listens(again=True):
            return reply_listening.tag_followed_already(tag)
        case Listens():
            return reply_listening.tag_followed(tag)
        case TooMany(limit):
            return reply_listening.too_many_tracks(limit)


async def leave_tag(asked: Asked, me: AccountRow, tag: str) -> str:
    ended = await listening.end(asked.unit, me.id, f"#{tag}")
    return reply_listening.tag_left(tag) if ended else reply_listening.tag_not_followed(tag)


async def leave_if_listening(asked: Asked, me: AccountRow, key: str) -> str | None:
    """Leave a ``#tag`` or ``!group``; None for whoever does not listen to it."""
    if not await listening.end(asked.unit, me.id, key):
        return None
    return reply_listening.tag_left(key[1:]) if key.startswith("#") else reply_listening.group_left(key[1:])


async def texts_of(asked: Asked, me: AccountRow, key: str, *, on: bool) -> str:
    """Whether what comes for a ``#tag`` or ``!group`` comes by text. From who has no phone it is about mails."""
    if not await listeners.listens(asked.unit, key, me.id):
        name = key[1:]
        return reply_listening.tag_not_followed(name) if key.startswith("#") else reply_listening.not_in_group(name)
    if asked.by_phone or me.phone_id is not None:
        await listeners.set_texts(asked.unit, key, me.id, on)
        return reply_listening.texts_of_key(key, on=on)
    if on:
        await listeners.put(asked.unit, key, me.id, texts=False, mail=True, now=asked.now)
        return reply_listening.mails_of_key(key)
    await listeners.stop_mail(asked.unit, key, me.id)
    return reply_listening.unsubscribed_from(key)


async def join_group(asked: Asked, me: AccountRow, group: str) -> str:
    """Belong to a group, with texts when the wish came from a phone and with mails when it came by mail."""
    if not group:
        return await or_post(asked, reply_listening.not_a_group())
    outcome = await listening.join_group(
        asked.unit, asked.site, me, group, texts=asked.by_phone, mail=not asked.by_phone, now=asked.now
    )
    match outcome:
        case Listens(again=True):
            return reply_listening.already_in_group(group)
        case Listens(founded=True):
            return reply_listening.group_founded(group)
        case Listens():
            return reply_listening.group_joined(group, await listeners.count(asked.unit, f"!{group}"))
        case TooMany(limit):
            return reply_listening.too_many_groups(limit)
        case NoSuchGroup():
            return reply_listening.no_such_group(group, asked.operator)
        case _:
            assert_never(outcome)


async def leave_group(asked: Asked, me: AccountRow, group: str) -> str:
    if not group:
        return await or_post(asked, reply_listening.not_a_group())
    ended = await listening.end(asked.unit, me.id, f"!{group}")
    return reply_listening.group_left(group) if ended else reply_listening.not_in_group(group)


async def write_to_group(asked: Asked, me: AccountRow, group: str) -> str:
    """Post to a group that the writer is in: its members and the writer's followers get it. Where there is no such
    group, nobody may have meant one."""
    if not await groups.there_is(asked.unit, group):
        return reply_listening.no_group_offer(group, await offer_to_post(asked))
    if not await listeners.listens(asked.unit, f"!{group}", me.id):
        return reply_listening.join_group_first(group)
    text = asked.told.text
    outcome = await posting.publish(
        asked.unit, asked.site, me.id, text, source=asked.source, now=asked.now, group=group, cut=asked.told.cut
    )
    others = await listeners.count(asked.unit, f"!{group}") - 1
    sent = reply_listening.written_to_group(group, others, protected=me.protected)
    return what_became(asked.site, me.name or "", outcome, text, sent)


async def _listen(asked: Asked, me: AccountRow, key: str) -> Listens | TooMany:
    return await listening.listen(
        asked.unit, asked.site, me, key, texts=asked.by_phone, mail=not asked.by_phone, now=asked.now
    )


def _key(word: str) -> str | None:
    """What the word is listened for as; None when it is more than one, or none."""
    if not word.startswith(("#", "＃")):
        return one_word(word)
    match parts(word):
        case [Tag(tag)]:
            return f"#{tag}"
        case _:
            return None
