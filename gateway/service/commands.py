"""Everything that one text or mail asks for, done within the caller's unit, and the words that answer it.

    handle(unit, site, told) -> words         '' when there is nothing to say
    post_all(unit, site, said) -> words       the same for many plain posts at once, as far as nothing is unusual

Who is heard, in this order:

    mail to help@         anyone, and it only helps
    STOP, START, HELP     anyone; STOP stops at once and is confirmed once, as the last text to that phone
                          (behind a PIN, right or wrong, it is a STOP too)
    an opted-out phone    may START, and ask for HELP; until then nothing is done, as nothing could be answered
    a flood of texts      one answer a minute that says so, and nothing else is done; START is, and is not answered.
                          The same for a flood of answers by mail
    an unknown sender     may JOIN, CLAIM, or FOLLOW a public account; a proven mailbox may JOIN; anything else posts
                          nothing
    a suspended account   may leave, switch texts off and sign out
    one that only follows may do all that needs no name
    everybody else        all of it

A mail to the address that answers one post proves no more than that: from a mailbox that is not the recipient's own
it is an answer, or stops mails, or asks for help.

An encrypted mail asks for nothing that anybody could read here: its sender hears so.

A plain post that went as usual is answered by silence: it costs nothing, and whatever went otherwise (cut, split,
said before, too much, attachments left out) is answered. Every command is answered, and none that fails becomes a
post: where a form fits but the name is nobody's, posting the words is offered and ``Y`` takes it up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from gateway.domain import reply, reply_mail, reply_posts, reply_together
from gateway.domain import wish as c
from gateway.domain.command import parse, parse_mail
from gateway.domain.text import normalise
from gateway.domain.types import Channel, EmailMode, Source
from gateway.service import following, mailboxes, posting
from gateway.service.answering import (
    account,
    consent,
    graph,
    listening,
    lists,
    mailing,
    notices,
    pin,
    polls,
    quiet,
    reading,
    together,
    words,
)
from gateway.service.answering.asked import Asked, Told, sender_of, times_told
from gateway.service.site import Site
from store import accounts, addresses, inbox
from store.accounts import AccountRow
from store.addresses import AddressRow
from store.unit import Unit
from store.writers import Asking, Writer, in_good_standing

__all__ = ["Heard", "Said", "Told", "handle", "plain_post", "post_all"]

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)

_MOST_TOLD = 10
"""How often in a day plain words from a phone are answered by saying why they go nowhere. Whoever sends more may be a
machine that answers each of our texts, too slowly to be a flood, or has forged that number."""

_FOR_THE_SUSPENDED = (c.SignOut, c.Off, c.OffName, c.OffKey, c.Leave, c.LeaveTag, c.LeaveGroup, c.Untrack)
_NEEDS_NAME = (
    c.Rename,
    c.Followers,
    c.Accept,
    c.Deny,
    c.Requests,
    c.Lose,
    c.Protect,
    c.Public,
    c.Direct,
    c.Reply,
    c.Repost,
    c.Favourite,
    c.Undo,
    c.PostThis,
    c.Post,
    c.Yes,
    c.React,
    c.Login,
    c.Nudge,
    c.Poll,
    c.PollClose,
    c.JoinGroup,
    c.GroupText,
)


async def handle(unit: Unit, site: Site, told: Told, *, now: datetime, new_code: Callable[[], str]) -> str:
    """Do what the message asks for and return the answer.

    The caller has remembered the message already (it counts towards the flood) and sends the answer. ``new_code``
    draws a number of at least four digits that nobody can guess.
    """
    address = await addresses.by_id(unit, told.address_id)
    assert address is not None, told.address_id
    told = replace(told, text=normalise(told.text))
    person = await sender_of(unit, told, address)
    with site.languages.speaking(await _language(unit, told, address, person)):
        return await _heard(Asked(unit, site, told, address, person, now, new_code))


async def _language(unit: Unit, told: Told, address: AddressRow, person: AccountRow | None) -> str | None:
    """The sender's own; at the address that only helps, that of whose mailbox it is, for the answer goes there."""
    if person is None and told.at_help and address.owner_id is not None:
        person = await accounts.by_id(unit, address.owner_id)
    return None if person is None else person.language


async def _heard(asked: Asked) -> str:
    """The answer, in the language of the moment."""
    unit, told, address = asked.unit, asked.told, asked.address
    command = parse(told.text) if asked.by_phone else parse_mail(told.text)
    if told.at_help:
        return consent.help_(asked, None)
    if asked.by_phone and address.dead_at is not None:
        await addresses.revive(unit, address.id)
    elif asked.from_their_own and await mailboxes.wrote(unit, address, wants_mail=_wants_mail(command)):
        asked = replace(asked, person=await sender_of(unit, told, address))
    if isinstance(command, c.Stop):
        return await consent.stop(asked)
    if stop := pin.stop_behind(asked):
        return await consent.stop(stop)
    proven = not isinstance(command, c.Start)
    if proven:
        if address.opted_out_at is not None and not (asked.by_phone and isinstance(command, c.Help)):
            return ""
        flooded = await _flooded(asked)
        if address.opted_out_at is not None:
            return consent.help_after_stop(asked) if flooded is None else ""
        if flooded is not None:
            return flooded
        if not isinstance(command, c.Help):
            unlocked = await pin.unlock(asked, command)
            if unlocked == reply_together.wrong_pin():
                return unlocked  # whoever guesses is stopped by how often they were told so
            if isinstance(unlocked, str):
                return await _refused(asked, command, unlocked)
            asked, command = unlocked
    if told.sealed and asked.person is not None:
        return reply_posts.sealed()
    answer = await _answer(asked, command, proven=proven)
    if not proven and await _flooded(asked) is not None:
        return ""
    if told.dropped and not isinstance(command, c.Claim | c.JoinInvited):  # guesses are counted by these very answers
        return await _only_attachments(asked) if isinstance(command, c.Empty) else _with_dropped(asked, answer)
    return answer


async def _only_attachments(asked: Asked) -> str:
    """This is said a few times a day: a filter that passes on all mails, ours among them, would ask for it for ever."""
    words = reply_posts.only_attachments(asked.told.dropped)
    return words if await times_told(asked, _DAY, words) < _MOST_TOLD else ""


def _wants_mail(command: c.Command) -> bool:
    return isinstance(command, c.Start | c.EmailDigest) or (
        isinstance(command, c.Email) and command.mode is not EmailMode.OFF
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A message that is a plain post, and where it came from: as ``store.writers.Asking`` tells. ``text`` is as
    :func:`plain_post` returned it, ``cut`` is what was cut off the mail that it came in."""

    channel: Channel
    sender: str
    text: str
    account_id: int | None = None
    route: int | None = None
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """It is done. ``answer`` goes to the address it came from; empty when there is nothing to say."""

    address_id: int
    answer: str


def plain_post(channel: Channel, text: str) -> str | None:
    """The words to post if that is all that the message asks for, else None."""
    command = parse(text) if channel is Channel.SMS else parse_mail(text)
    return command.text if isinstance(command, c.Post) else None


async def post_all(unit: Unit, site: Site, said: Sequence[Said], *, now: datetime) -> list[Heard | None]:
    """Post what each one says, by different senders, in as few statements as one post takes. None where anything is
    unusual about the sender: that message is for :func:`handle`, and nothing has been done for it."""
    writers = await in_good_standing(
        unit,
        [Asking(each.channel, each.sender, each.account_id, each.route, each.text) for each in said],
        posting.lately(site, now),
        since=now - _MINUTE,
        most=site.limits.texts_per_minute,
    )
    drafts = [
        posting.Draft(
            writer.account_id,
            each.text,
            Source.SMS if each.channel is Channel.SMS else Source.EMAIL,
            cut=each.cut,
            lately=writer.lately,
        )
        for each, writer in zip(said, writers, strict=True)
        if writer is not None
    ]
    outcomes = iter(await posting.publish_all(unit, site, drafts, now=now))
    return [
        _heard_writer(site, writer, next(outcomes), each.text) if writer else None
        for each, writer in zip(said, writers, strict=True)
    ]


def _heard_writer(site: Site, writer: Writer, outcome: posting.Outcome, text: str) -> Heard:
    with site.languages.speaking(writer.language):
        return Heard(writer.address_id, words.what_became(site, writer.name, outcome, text))


async def _answer(asked: Asked, command: c.Command, *, proven: bool) -> str:
    """Choose by who asks. ``proven``: where a PIN is set, it came with it, or needs none whatever it does."""
    person = asked.person
    match command:
        case c.Help(topic):
            return consent.help_(asked, topic)
        case _ if _only_answers(asked):
            return await _answer_from_elsewhere(asked, command)
        case _ if (answered := await _answered_notice(asked, command)) is not None:
            return answered
        case c.Start():
            return await _start(asked, proven=proven)
        case _ if person is None:
            return await _answer_stranger(asked, command)
        case _ if person.suspended_at is not None and not isinstance(command, _FOR_THE_SUSPENDED):
            return await _refused(asked, command, reply.suspended(asked.site.contact))
        case _ if person.name is None and isinstance(command, _NEEDS_NAME):
            return await _refused(asked, command, reply.name_first(asked.sign_up_with))
        case _:
            return await _answer_member(asked, person, command)


async def _refused(asked: Asked, command: c.Command, answer: str) -> str:
    """Why nothing is done for whoever asks. Plain words that were answered so too often today are not answered; the
    last answer before says that."""
    if not (asked.by_phone and isinstance(command, c.Post | c.React)):
        return answer
    last = reply.for_the_last_time(answer)
    told = await times_told(asked, _DAY, answer, last)
    if told >= _MOST_TOLD:
        return ""
    return last if told == _MOST_TOLD - 1 else answer


def _only_answers(asked: Asked) -> bool:
    return asked.told.answers_delivery is not None and asked.person is not None and not asked.from_their_own


async def _answered_notice(asked: Asked, command: c.Command) -> str | None:
    """What it means that a mail answers words of our own, for a member of good standing."""
    person = asked.person
    if asked.told.answers_delivery is None or person is None or person.suspended_at is not None or person.name is None:
        return None
    return await notices.answer(asked, person, command)


async def _answer_from_elsewhere(asked: Asked, command: c.Command) -> str:
    """A mail that answers a delivery, from a mailbox that is not known as the recipient's."""
    me = asked.person
    assert me is not None
    if me.suspended_at is not None:
        return reply.suspended(asked.site.contact)
    if me.name is None:
        return reply.name_first(asked.sign_up_with)
    match command:
        case c.Post(text) | c.Reply(_, _, text):
            return await words.answer_last(asked, me, text)
        case c.Code() | c.Yes():
            return await words.answer_last(asked, me, asked.told.text)
        case c.Start() if _is_yes(asked):
            return await words.answer_last(asked, me, asked.told.text)
        case c.Empty():
            return reply_posts.only_quoted() if asked.told.cut else reply_posts.empty()
        case _:
            return reply.only_the_answer()


async def _answer_stranger(asked: Asked, command: c.Command) -> str:
    if not asked.by_phone:
        return await _answer_mailbox(asked, command)
    match command:
        case c.Join(name):
            return await account.join(asked, name)
        case c.JoinInvited(name, code):
            return await account.join(asked, name, code)
        case c.Claim(code):
            return await account.claim(asked, code)
        case c.Code(code) if done := await account.take_code(asked, None, code):
            return done
        case c.Follow(name):
            return await graph.follow_unknown(asked, name)
        case _:
            return await _refused(asked, command, reply.join_first(asked.site.name, asked.sign_up_with))


async def _answer_mailbox(asked: Asked, command: c.Command) -> str:
    """A mail from somebody who is nobody here; if it is proven from which mailbox, that one may sign up."""
    if not asked.told.proven:
        return reply.not_your_mail()
    match command:
        case c.Join(name):
            return await account.join(asked, name)
        case c.JoinInvited(name, code):
            return await account.join(asked, name, code)
        case _:
            return reply.join_by_mail(asked.sign_up_with)


async def _answer_member(asked: Asked, me: AccountRow, command: c.Command) -> str:
    match command:
        case c.Post(text):
            return await _post(asked, me, text)
        case c.Code(code):
            done = await account.take_code(asked, me, code)
            return await _post(asked, me, asked.told.text) if done is None else done
        case c.No() | c.Choice() | c.StopName() | c.StopKey() | c.React():
            done = await _perhaps(asked, me, command)
            return await _post(asked, me, asked.told.text) if done is None else done
        case c.Yes():
            return await words.post_offered(asked, me)
        case c.PostThis(text):
            return await words.post(asked, me, text, answer=reply_posts.posted())
        case c.Direct(name, text):
            return await words.direct(asked, me, name, text)
        case c.Reply(reply_name, text, whole):
            return await words.answer(asked, me, reply_name, text, whole)
        case c.Repost(whose):
            return await words.repost(asked, me, whose)
        case c.Favourite(whose):
            return await words.favourite(asked, me, whose)
        case c.Undo():
            return await words.undo(asked, me)
        case c.Join(name):
            return await account.join(asked, name)
        case c.JoinInvited(name, code):
            return await account.join(asked, name, code)
        case c.Claim(code):
            return await account.claim(asked, code)
        case c.Rename(name):
            return await account.rename(asked, me, name)
        case c.SignOut():
            return await account.sign_out(asked)
        case c.DeleteMe():
            return await account.delete_me(asked, me)
        case c.Public():
            return await account.go_public(asked, me)
        case c.Protect():
            return await graph.protect(asked, me)
        case c.Follow(name):
            return await graph.follow(asked, me, name)
        case c.Leave(name):
            return await graph.leave(asked, me, name)
        case c.Following():
            return await lists.show(asked, me, lists.FOLLOWING)
        case c.Followers():
            return await lists.show(asked, me, lists.FOLLOWERS)
        case c.Requests():
            return await lists.show(asked, me, lists.REQUESTS)
        case c.Accept(whose):
            return await graph.accept(asked, me, whose)
        case c.Deny(whose):
            return await graph.deny(asked, me, whose)
        case c.Lose(name):
            return await graph.lose(asked, me, name)
        case c.Block(name):
            return await graph.block(asked, me, name)
        case c.Unblock(name):
            return await graph.unblock(asked, me, name)
        case c.Mute(name):
            return await graph.mute(asked, me, name)
        case c.Unmute(name):
            return await graph.unmute(asked, me, name)
        case c.On():
            return await graph.texts_on(asked, me)
        case c.Off():
            return await graph.texts_off(asked, me)
        case c.OnName(name):
            return await graph.texts_of(asked, me, name, on=True)
        case c.OffName(name):
            return await graph.texts_of(asked, me, name, on=False)
        case c.OnKey(key):
            return await listening.texts_of(asked, me, key, on=True)
        case c.OffKey(key):
            return await listening.texts_of(asked, me, key, on=False)
        case c.Sleep(start, until):
            return await quiet.sleep_daily(asked, me, start, until)
        case c.SleepFor(hours):
            return await quiet.sleep_for(asked, me, hours)
        case c.SleepOff():
            return await quiet.sleep_off(asked, me)
        case c.Wake():
            return await quiet.wake(asked, me)
        case c.Email(mode):
            return await mailing.switch(asked, me, mode)
        case c.MailAddress():
            return reply_mail.how_a_mailbox_comes()
        case c.EmailDigest(mode, hour):
            return await mailing.switch(asked, me, mode, hour)
        case c.Get(name):
            return await reading.get(asked, me, name)
        case c.Whois(name):
            return await reading.whois(asked, me, name)
        case c.Stats():
            return await reading.stats(asked, me)
        case c.Inbox():
            return await lists.show(asked, me, lists.INBOX)
        case c.Search(words_):
            return await lists.show(asked, me, lists.SEARCH, words_)
        case c.Tracks():
            return await lists.show(asked, me, lists.TRACKS)
        case c.Groups():
            return await lists.show(asked, me, lists.GROUPS)
        case c.More():
            return await lists.more(asked, me)
        case c.Track(word):
            return await listening.track(asked, me, word)
        case c.Untrack(which):
            return await listening.untrack(asked, me, which)
        case c.FollowTag(tag):
            return await listening.follow_tag(asked, me, tag)
        case c.LeaveTag(tag):
            return await listening.leave_tag(asked, me, tag)
        case c.JoinGroup(group):
            return await listening.join_group(asked, me, group)
        case c.LeaveGroup(group):
            return await listening.leave_group(asked, me, group)
        case c.GroupText(group, _):
            return await listening.write_to_group(asked, me, group)
        case c.Poll(question, options):
            return await polls.ask(asked, me, question, options)
        case c.PollResult():
            return await polls.result(asked, me)
        case c.PollClose():
            return await polls.close(asked, me)
        case c.Vote(option):
            return await polls.vote(asked, me, option)
        case c.Nudge(name):
            return await together.nudge(asked, me, name)
        case c.Invite():
            return await together.invite(asked, me)
        case c.Report(name, why):
            return await together.report(asked, me, name, why)
        case c.Login():
            return await together.log_in(asked, me)
        case c.Pin(code, rest):
            return await pin.set_or_use(asked, me, code, rest)
        case c.PinOff():
            return await pin.end(asked, me)
        case c.Empty():
            return reply_posts.only_quoted() if asked.told.cut else reply_posts.empty()
        case c.Stop() | c.Start() | c.Help():
            raise AssertionError("answered before anybody asked who it is")
        case _:
            assert_never(command)


async def _perhaps(
    asked: Asked, me: AccountRow, command: c.No | c.Choice | c.StopName | c.StopKey | c.React
) -> str | None:
    """What is only meant by some of those who write it; None where it is a post like others."""
    match command:
        case c.No():
            return await words.decline(asked)
        case c.Choice(number):
            return await polls.choose(asked, me, number)
        case c.StopName(name):
            other = await following.find(asked.unit, name, asker_id=me.id)
            return None if other is None else await graph.leave(asked, me, name)
        case c.StopKey(key):
            return await listening.leave_if_listening(asked, me, key)
        case c.React(to):
            return await words.react(asked, me, to)
        case _:
            assert_never(command)


async def _post(asked: Asked, me: AccountRow, text: str) -> str:
    """A plain text is a post, or, by mail to a reply address, the answer to what was delivered from there."""
    if asked.told.answers_delivery is not None:
        return await words.answer_last(asked, me, text)
    return await words.post(asked, me, text)


async def _start(asked: Asked, *, proven: bool) -> str:
    """START, which needs no PIN; but YES from a phone that was never stopped takes up what was offered to it, and where
    a PIN is set that needs it as Y does."""
    person = asked.person
    locked = asked.by_phone and person is not None and person.pin_hash and not proven
    if _is_yes(asked) and person is not None and asked.address.opted_out_at is None and not locked:
        answer = await words.post_offered(asked, person)
        if answer != reply_posts.nothing_offered():
            return answer
        if asked.told.answers_delivery is not None:
            return await words.answer_last(asked, person, asked.told.text)
    return await consent.start(asked)


def _is_yes(asked: Asked) -> bool:
    """Whether the word for START was YES."""
    return "yes" in asked.told.text.casefold()


async def _flooded(asked: Asked) -> str | None:
    """What a phone hears that sends too much, or a mailbox that answers too much: one answer a minute. Two machines
    that answer each other end so."""
    limit = asked.site.limits.texts_per_minute
    if not asked.by_phone and asked.told.answers_delivery is None:
        return None
    if await inbox.count_since(asked.unit, asked.address.address, asked.now - _MINUTE) <= limit:
        return None
    answer = reply.slow_down(limit)
    return "" if await times_told(asked, _MINUTE, answer) else answer


def _with_dropped(asked: Asked, answer: str) -> str:
    return reply_posts.with_attachments(asked.told.dropped, answer)
