"""Somebody moves in with the export of another instance, or of this one: a new account with what they wrote and chose.

A file is believed about its owner and about nobody else. So followers, direct messages and votes stay behind, follows
of protected people become requests, and a phone or mailbox is only claimed unless the operator vouches for it.

Posts come in with their times and sources and are delivered to nobody: no fan-out begins, and they bear no tags and
name nobody, so that no wall, tag or mention shows old words as new ones. They stand on their author's page and are
found by SEARCH. The account begins now, and what is older than its author's account is in no timeline of everybody
(``store.timelines.written_here``).

One transaction does all of it, and leaves a fact by the file's id: the same file once more adds nothing.
"""

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import available_timezones

from gateway.domain import quiet
from gateway.domain import text as words
from gateway.domain.folding import fold
from gateway.domain.types import MAX_LENGTH, NAME_PATTERN, Channel, EmailMode, PostKind
from gateway.service import digests, following, joining, mail_addresses, phones, waking
from gateway.service import export_form as form
from gateway.service.choosing import LONGEST_BIO
from gateway.service.export_reading import NotAnExport, Parcel
from gateway.service.joining import NameTaken, NotAName
from gateway.service.site import Site
from store import (
    accounts,
    addresses,
    belongings,
    default_follows,
    facts,
    follows,
    groups,
    listeners,
    lists,
    posts,
    relations,
)
from store.accounts import AccountRow
from store.follows import FollowRow
from store.posts import NewPost
from store.unit import Unit

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MAILBOX = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+")
_NAME = re.compile(NAME_PATTERN)
_LONGEST_TITLE = 40
_MOST_ON_A_LIST = 5_000


@dataclass(slots=True)
class LeftBehind:
    """What could not come along: people whom nobody is called like here, addresses and why, and how many of what."""

    people: set[str] = field(default_factory=set)
    addresses: list[tuple[str, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class MovedIn:
    """They are here, as ``name``, with so many ``posts``."""

    name: str
    posts: int
    left_behind: LeftBehind


@dataclass(frozen=True, slots=True)
class HereAlready:
    """This file was brought in before, by ``name``; nothing was added."""

    name: str


async def move_in(
    unit: Unit,
    site: Site,
    parcel: Parcel,
    *,
    called: str | None,
    prove: bool,
    now: datetime,
    told: Callable[[int], None] = lambda _: None,
) -> MovedIn | HereAlready | NameTaken | NotAName:
    """Bring a person in under the name of the file, or as the operator wants them ``called``. The ``parcel`` was
    checked before, as nobody should wait for that. ``prove``: the operator vouches for their phones and mailboxes.
    ``told`` is how many entries more are done. Raises NotAnExport."""
    fact = f"import_{parcel.about.id}"
    if before := await facts.get(unit, fact):
        there = await accounts.by_id(unit, int(before))
        if there is not None and there.name is not None:
            return HereAlready(there.name)
    name = parcel.about.account.name if called is None else called.removeprefix("@").lower()
    if name is None or not _NAME.fullmatch(name):
        return NotAName()
    if called is None and (refusal := await joining.name_refusal(unit, name)):
        return refusal
    account_id = await accounts.create(unit, name, now=now, protected=parcel.about.account.protected)
    if account_id is None:
        return NameTaken()
    await facts.put(unit, fact, str(account_id))
    mover = _Mover(unit, site, parcel, account_id, name, now, told)
    await mover.choose()
    await mover.hold(prove=prove)
    written = await mover.write()
    await mover.relate()
    await default_follows.apply(unit, account_id, now=now)
    await mover.listen()
    await mover.gather()
    mover.count_the_rest()
    return MovedIn(name, written, mover.left)


class _Mover:
    """One person who moves in."""

    def __init__(
        self,
        unit: Unit,
        site: Site,
        parcel: Parcel,
        account_id: int,
        name: str,
        now: datetime,
        told: Callable[[int], None],
    ) -> None:
        self._unit = unit
        self._site = site
        self._parcel = parcel
        self._id = account_id
        self._name = name
        self._now = now
        self._told = told
        self._from_here = parcel.about.site.url == site.public_url
        self._new_ids: dict[int, int] = {}
        self._repeated: set[int] = set()
        self.left = LeftBehind()

    # ---- what they chose

    async def choose(self) -> None:
        """Profile, channels, quiet hours. What this instance does not know is as the site has it."""
        chosen, unit = self._parcel.about.settings, self._unit
        known_language = chosen.language is not None and _LANGUAGE.fullmatch(chosen.language)
        await accounts.set_profile(
            unit,
            self._id,
            bio=words.normalise(self._parcel.about.account.bio)[:LONGEST_BIO],
            language=chosen.language if known_language else None,
            time_zone=chosen.time_zone if chosen.time_zone in available_timezones() else None,
            overflow=chosen.overflow,
        )
        await accounts.set_texts_on(unit, self._id, chosen.texts)
        await self._choose_mail(chosen)
        await mail_addresses.check_sender(unit, self._id, chosen.checks_sender)
        if chosen.quiet_hours is not None:
            hours = quiet.read(chosen.quiet_hours)
            if hours.start != hours.until:
                await waking.set_daily(unit, self._site, self._id, hours, now=self._now)

    async def _choose_mail(self, chosen: form.Settings) -> None:
        """How mail comes; where it is off, how it goes on."""
        off = chosen.mail is EmailMode.OFF
        rhythm = chosen.mail_before if off else chosen.mail
        if rhythm is None or rhythm is EmailMode.OFF:
            rhythm = EmailMode.INSTANT
        await digests.set_mode(self._unit, self._site, self._id, rhythm, now=self._now, hour=chosen.digest_hour)
        if off:
            await digests.turn_off(self._unit, self._id, now=self._now)

    async def hold(self, *, prove: bool) -> None:
        """Phones and mailboxes that nobody holds here. What wanted nothing there gets nothing here."""
        for each in self._parcel.about.addresses:
            address = addresses.folded(each.channel, each.address)
            if not self._is_address(each.channel, address):
                raise NotAnExport(f"{form.ABOUT}: {each.address[:80]!r} is neither a phone number nor a mail address")
            if each.stopped_at is not None:
                self.left.addresses.append((address, "stopped"))
                continue
            row = await addresses.find_or_add(self._unit, each.channel, address, now=self._now)
            if row.opted_out_at is not None:
                self.left.addresses.append((address, "stopped"))
            elif await joining.held_by(self._unit, row, self._id) or (row.account_id is not None and not prove):
                self.left.addresses.append((address, "held"))
            elif prove:
                await joining.hand_over(self._unit, row, self._id, how="operator", words="", now=self._now)
            else:
                await addresses.attach(self._unit, row.id, self._id, proven_at=None)
        await addresses.refresh(self._unit, self._id)

    def _is_address(self, channel: Channel, address: str) -> bool:
        if channel is Channel.SMS:
            return phones.e164(address, self._site.default_region) == address
        return _MAILBOX.fullmatch(address) is not None and address.isprintable()

    # ---- what they wrote

    async def write(self) -> int:
        """Posts, and reposts of what is here; how many."""
        written = 0
        for page in self._parcel.pages("posts"):
            here = await self._standing(
                [each.id for post in page for each in (post.answers, post.repeats) if each is not None]
            )
            named = await self._named(page)
            known_groups = {
                each: await groups.there_is(self._unit, each) for each in {post.group for post in page} if each
            }
            for run in self._runs(page):
                new = [
                    (post, made) for post in run if (made := self._post(post, here, named, known_groups)) is not None
                ]
                ids = await posts.add_all(self._unit, [made for _, made in new]) if new else []
                for (post, made), new_id in zip(new, ids, strict=True):
                    self._new_ids[post.id] = new_id
                    if made.full_text is not None:
                        link = f"{self._site.public_url}/@{self._name}/{new_id}"
                        await posts.set_text(self._unit, new_id, words.shorten(made.full_text, link))
                written += len(ids)
            self._told(len(page))
        return written

    def _runs(self, page: Sequence[form.Post]) -> Iterator[list[form.Post]]:
        """The posts of a page in stretches in which none answers another: an answer needs the new id of its post."""
        run: list[form.Post] = []
        for post in page:
            if post.answers is not None and any(post.answers.id == other.id for other in run):
                yield run
                run = []
            run.append(post)
        if run:
            yield run

    def _post(
        self, post: form.Post, here: dict[int, str], named: dict[str, int], known_groups: dict[str, bool]
    ) -> NewPost | None:
        then = self._then(post.created_at)
        if post.repeats is not None:
            original = post.repeats
            stands = original.author is not None and here.get(original.id) == original.author
            if not stands or original.id in self._repeated:
                self.left.counts["reposts"] += 1
                return None
            self._repeated.add(original.id)
            return NewPost(self._id, PostKind.REPOST, "", post.source, then, repost_of_id=post.repeats.id)
        whole = words.normalise(post.full_text or post.text)
        if not whole or (post.full_text is None and len(whole) > MAX_LENGTH):
            raise NotAnExport(f"posts: {post.id} has {len(whole)} characters")
        cut = len(whole) > MAX_LENGTH
        return NewPost(
            self._id,
            PostKind.POST,
            "" if cut else whole,
            post.source,
            then,
            full_text=whole if cut else None,
            reply_to_id=self._answered(post, here),
            at_account_id=named.get(words.leading_mention(whole) or ""),
            group_name=post.group if post.group is not None and known_groups[post.group] else None,
            words=" ".join(fold(whole)),
        )

    def _answered(self, post: form.Post, here: dict[int, str]) -> int | None:
        ref = post.answers
        if ref is None:
            return None
        if ref.author == self._parcel.about.account.name and ref.id in self._new_ids:
            return self._new_ids[ref.id]
        if ref.author is not None and here.get(ref.id) == ref.author:
            return ref.id
        self.left.counts["answers"] += 1
        return None

    async def _named(self, page: Sequence[form.Post]) -> dict[str, int]:
        """The accounts here whose names open these posts."""
        leading = {words.leading_mention(words.normalise(post.full_text or post.text)) for post in page}
        rows = await accounts.by_names(self._unit, sorted(name for name in leading if name))
        return {row.name: row.id for row in rows if row.name}

    async def _standing(self, ids: Sequence[int]) -> dict[int, str]:
        """Which of these posts stand here and whose they are. Ids of another instance mean nothing."""
        return await belongings.standing(self._unit, sorted(set(ids))) if self._from_here else {}

    def _then(self, moment: datetime) -> datetime:
        """When something was, which is before now, and not before there was any of this."""
        return min(max(moment, _EPOCH), self._now - timedelta(microseconds=1))

    # ---- whom and what they want

    async def relate(self) -> None:
        """Blocks, mutes, follows and favourites, as far as the others are here."""
        blocked: set[int] = set()
        async for entry, other in self._others("blocks"):
            await following.block(self._unit, self._id, other.id, now=self._then(entry.since))
            blocked.add(other.id)
        async for entry, other in self._others("mutes"):
            await relations.mute(self._unit, self._id, other.id, now=self._then(entry.since))
        edges: list[FollowRow] = []
        async for entry, other in self._others("following"):
            if other.id not in blocked:
                state = "requested" if other.protected else "accepted"
                since = self._then(entry.since)
                edges.append(FollowRow(other.id, self._id, state, entry.texts, entry.mail, since))
        await follows.add_missing(self._unit, edges)
        for page in self._parcel.pages("favourites"):
            here = await self._standing([entry.post.id for entry in page])
            for entry in page:
                if entry.post.author is not None and here.get(entry.post.id) == entry.post.author:
                    await posts.add_favourite(self._unit, self._id, entry.post.id, self._then(entry.since))
                else:
                    self.left.counts["favourites"] += 1
            self._told(len(page))

    async def _others(self, kind: str) -> AsyncIterator[tuple[Any, AccountRow]]:
        """The entries of a kind that name somebody who is here, and who that is."""
        for page in self._parcel.pages(kind):
            names = {entry.name for entry in page if entry.name is not None}
            rows = await accounts.by_names(self._unit, sorted(names))
            here = {row.name: row for row in rows if row.suspended_at is None and row.id != self._id}
            self.left.people |= names - here.keys() - {self._name}
            for entry in page:
                if entry.name in here:
                    yield entry, here[entry.name]
            self._told(len(page))

    async def listen(self) -> None:
        """Groups that there are here, and words and tags, as many as anybody may have."""
        limits, unit = self._site.limits, self._unit
        for kind, most in (("groups", limits.groups), ("tracks", limits.tracks)):
            taken = 0
            for page in self._parcel.pages(kind):
                for entry in page:
                    key = await self._group(entry.name) if kind == "groups" else _tracked(entry.name)
                    if key is None or taken >= most:
                        self.left.counts[kind] += 1
                        continue
                    taken += 1
                    mail, since = bool(entry.mail), self._then(entry.since)
                    await listeners.put(unit, key, self._id, texts=entry.texts, mail=mail, now=since)
                self._told(len(page))

    async def gather(self) -> None:
        """Lists of people who are here."""
        for page in self._parcel.pages("lists"):
            for entry in page:
                title = " ".join(words.normalise(entry.title).split())[:_LONGEST_TITLE]
                if not title:
                    continue
                list_id = await lists.add(self._unit, self._id, title, now=self._then(entry.since))
                for row in await accounts.by_names(self._unit, sorted(set(entry.members))[:_MOST_ON_A_LIST]):
                    if row.suspended_at is None:
                        await lists.put(self._unit, list_id, row.id)
            self._told(len(page))

    async def _group(self, name: str) -> str | None:
        return f"!{name}" if _NAME.fullmatch(name) and await groups.there_is(self._unit, name) else None

    def count_the_rest(self) -> None:
        """What is not the person's alone, or would act by itself."""
        for kind in ("messages", "followers", "votes", "schedules"):
            self.left.counts[kind] += self._parcel.about.entries.get(kind, 0)


def _tracked(name: str) -> str | None:
    """The key of a word or a ``#tag``; None when it is neither, as folding leaves it."""
    if name.startswith("#"):
        return name if words.tags(name) == [name[1:]] else None
    return name if fold(name) == [name] else None
