"""``birdwire user``: the operator's hand on who takes part."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import zip_longest
from typing import Protocol, assert_never

import click

from gateway.cli_base import (
    Desk,
    Refused,
    as_json,
    at_desk,
    configured,
    now,
    operator,
    person,
    print_done,
    print_json,
    print_table,
)
from gateway.config import Config
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.domain.types import Channel
from gateway.service import auditing, forgetting, governing, joining, mail_addresses, mailboxes, phones
from gateway.service.auditing import Act
from gateway.service.drawing import four_digits
from gateway.service.governing import Already, Done, LastAdmin, Nobody, NotTheName, Yourself
from gateway.service.site import Site
from store import accounts, addresses, follows, routes
from store.accounts import AccountRow, Person
from store.addresses import AddressRow
from store.unit import Reading, Unit

_PAGE = 1000
_MAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+")


class _People(Protocol):
    async def __call__(self, reading: Reading, account_id: int, *, after: int, most: int) -> list[Person]: ...


@dataclass(frozen=True, slots=True)
class StoppedAddress:
    """A phone or mailbox that gets nothing any more: since when, and what the other side said."""

    name: str
    address: str
    since: datetime
    reason: str

    def __str__(self) -> str:
        return f"{self.address} ({self.reason})"


@dataclass(frozen=True, slots=True)
class Shown:
    """All an operator sees of a person. ``followers`` and ``following`` are names, ``#ID`` for who has none."""

    id: int
    name: str
    phones: list[str]
    emails: list[str]
    stopped: list["StoppedAddress"]
    posting_address: str
    checks_sender: bool
    feed_url: str
    home_feed_url: str
    followers: list[str]
    following: list[str]
    requests: list[str]
    protected: bool
    admin: bool
    texts_on: bool
    email_mode: str
    posts: int
    created_at: datetime
    suspended_at: datetime | None


_LISTED = [each.name for each in fields(Shown) if each.name in {column.name for column in fields(AccountRow)}]
"""What a program is told of everybody: what ``show`` says of one, as far as it stands in the account itself."""


@click.group()
def user() -> None:
    """Add, show, suspend and delete people."""


@user.command()
@click.argument("name")
@click.option("--phone", "phones_", multiple=True, help="A phone number; it counts as proven.")
@click.option("--email", "emails", multiple=True, help="A mail address; it counts as proven.")
@click.option("--protected", is_flag=True, help="Only followers that they accept see their posts.")
@click.option("--admin", is_flag=True, help="May look after the site.")
@configured
@as_json
def add(
    config: Config,
    as_json: bool,
    name: str,
    phones_: tuple[str, ...],
    emails: tuple[str, ...],
    protected: bool,
    admin: bool,
) -> None:
    """Add somebody called NAME: 1 to 15 letters, digits or underscores. Of several phones or mail addresses, texts and
    mails go to the first."""
    numbers = [_phone(phone, config.sms.default_region) for phone in phones_]
    for email in emails:
        _check_mail(email)
    wanted = _called(name)

    async def sign_up(desk: Desk) -> Shown:
        async with desk.store.unit() as unit:
            await routes.ensure(unit, config.sender_names())
            outcome = await joining.add_user(
                unit,
                wanted,
                now=now(),
                phone=numbers[-1] if numbers else None,
                email=emails[-1] if emails else None,
                protected=protected,
                admin=admin,
            )
            match outcome:
                case joining.Added(account_id):
                    await _give(unit, account_id, numbers[-2::-1], emails[-2::-1])
                    await phones.choose_senders(unit, desk.site)
                    account = await person(unit, wanted)
                    words = "as an administrator" if admin else ""
                    await auditing.note(unit, operator(), Act.MEMBER_ADD, account, words=words, now=now())
                    return await _shown(unit, desk.site, account)
                case joining.NameTaken():
                    raise Refused(f"somebody is called {wanted} already")
                case joining.NotAName():
                    raise Refused(f"{name} is not a name: 1 to 15 letters, digits or underscores")
                case joining.HeldBy(holder):
                    raise Refused(_held_by(holder))
                case _:
                    assert_never(outcome)

    _print(at_desk(config, sign_up), as_json=as_json)


@user.command()
@click.argument("name")
@click.option("--phone", help="A phone number; it counts as proven.")
@click.option("--email", help="A mail address; it counts as proven, and gets the posting address by mail.")
@configured
@as_json
def address(config: Config, as_json: bool, name: str, phone: str | None, email: str | None) -> None:
    """Give NAME one more phone or mail address; texts and mails go to the newest."""
    if phone is None and email is None:
        raise click.UsageError("give --phone or --email")
    number = None if phone is None else _phone(phone, config.sms.default_region)
    _check_mail(email)

    async def give(desk: Desk) -> Shown:
        async with desk.store.unit() as unit:
            await routes.ensure(unit, config.sender_names())
            account = await person(unit, name)
            await _give(unit, account.id, [number] if number else [], [email] if email else [])
            await phones.choose_senders(unit, desk.site)
            given = " and ".join(word for word, one in (("phone", number), ("mailbox", email)) if one is not None)
            await auditing.note(unit, operator(), Act.MEMBER_ADDRESS, account, words=given, now=now())
            if email is not None:
                await joining.mail_posting_address(unit, desk.site, account.id, now=now())
            return await _shown(unit, desk.site, await person(unit, name))

    _print(at_desk(config, give), as_json=as_json)


@user.command()
@click.argument("name")
@configured
@as_json
def claim(config: Config, as_json: bool, name: str) -> None:
    """Make a code by which NAME takes a phone: they text CLAIM and the code from it. An earlier one is void."""

    async def make(desk: Desk) -> dict[str, object]:
        async with desk.store.unit() as unit:
            account = await person(unit, name)
            code = await joining.new_claim_code(unit, desk.site, account.id, now=now(), new_code=four_digits)
            await auditing.note(unit, operator(), Act.MEMBER_CLAIM, account, now=now())
            return {"name": account.name, "code": code, "minutes": desk.site.limits.code_minutes}

    made = at_desk(config, make)
    if as_json:
        print_json(made)
        return
    number = config.sms.senders[0].number if config.sms.senders else "the site's number"
    click.echo(f"Within {made['minutes']} minutes {made['name']} texts from the phone to {number}:")
    click.echo(f"CLAIM {made['code']}")


@user.command()
@click.argument("name")
@configured
@as_json
def show(config: Config, as_json: bool, name: str) -> None:
    """Show all there is to know about NAME, the secret posting address included."""

    async def look(desk: Desk) -> Shown:
        async with desk.store.reading() as reading:
            return await _shown(reading, desk.site, await person(reading, name))

    _print(at_desk(config, look), as_json=as_json)


@user.command(name="list")
@configured
@as_json
def list_(config: Config, as_json: bool) -> None:
    """List everybody, in the order they came."""

    async def look(desk: Desk) -> list[AccountRow]:
        async with desk.store.reading() as reading:
            people: list[AccountRow] = []
            while page := await accounts.page(reading, after=people[-1].id if people else 0, most=_PAGE):
                people += page
            return people

    people = at_desk(config, look)
    if as_json:
        print_json([{key: getattr(p, key) for key in _LISTED} | {"name": p.name or ""} for p in people])
        return
    print_table(
        ("id", "name", "protected", "admin", "joined", "suspended"),
        [(p.id, p.name or "(only follows)", p.protected, p.admin, p.created_at, p.suspended_at) for p in people],
    )


@user.command(name="stopped")
@configured
@as_json
def stopped_(config: Config, as_json: bool) -> None:
    """List the phones and mailboxes that get nothing any more, and why."""

    async def look(desk: Desk) -> list[StoppedAddress]:
        found: list[StoppedAddress] = []
        async with desk.store.reading() as reading:
            after = 0
            while page := await addresses.stopped(reading, after=after, most=_PAGE):
                for each in page:
                    owner = None if each.account_id is None else await accounts.by_id(reading, each.account_id)
                    found.append(_stopped((owner and owner.name) or f"#{each.account_id}", each))
                after = page[-1].id
        return found

    found = at_desk(config, look)
    if as_json:
        print_json(found)
        return
    print_table(("name", "address", "since", "reason"), [(s.name, s.address, s.since, s.reason) for s in found])


@user.command()
@click.argument("name")
@click.argument("address", required=False)
@configured
@as_json
def resume(config: Config, as_json: bool, name: str, address: str | None) -> None:
    """Let texts and mails go again to what of NAME's is stopped, or to that ADDRESS alone.

    A mailbox whose owner reported our mail as spam is only taken up again if it is named: be sure that they want it."""

    async def start(desk: Desk) -> list[str]:
        async with desk.store.unit() as unit:
            account = await person(unit, name)
            dead = [each for each in await addresses.of_account(unit, account.id) if each.dead_at is not None]
            if address is not None:
                dead = [each for each in dead if each.address == _as_kept(desk, address)]
            going = [each for each in dead if address is not None or each.complained_at is None]
            if not going and dead:
                raise Refused(f"{dead[0].address} reported a mail as spam: name it to take it up again all the same")
            if not going:
                raise Refused(f"nothing of {name} is stopped" if address is None else f"{address} is not stopped")
            for each in going:
                await mailboxes.resume(unit, desk.site, each, now=now())
            return [each.address for each in going]

    going = at_desk(config, start)
    words = "\n".join(f"{each} is used again." for each in going)
    print_done(words, as_json=as_json, name=_called(name), addresses=going)


@user.command()
@click.argument("name")
@configured
@as_json
def suspend(config: Config, as_json: bool, name: str) -> None:
    """Keep NAME from taking part, and their posts from being seen, until restored."""
    at_desk(config, lambda desk: _set_suspended(desk, name, True))
    print_done(f"{name} is suspended.", as_json=as_json, name=_called(name), suspended=True)


@user.command()
@click.argument("name")
@configured
@as_json
def restore(config: Config, as_json: bool, name: str) -> None:
    """Let NAME take part again."""
    at_desk(config, lambda desk: _set_suspended(desk, name, False))
    print_done(f"{name} is restored.", as_json=as_json, name=_called(name), suspended=False)


@user.command()
@click.argument("name")
@click.option("--off", is_flag=True, help="Not any more.")
@configured
@as_json
def admin(config: Config, as_json: bool, name: str, off: bool) -> None:
    """Let NAME look after the site on its pages below /admin."""

    async def appoint(desk: Desk) -> None:
        async with desk.store.unit() as unit:
            account = await person(unit, name)
            outcome = await governing.set_admin(unit, operator(), account.id, not off, now=now())
        match outcome:
            case Done():
                return
            case Already():
                raise Refused(f"{name} is {'not an administrator' if off else 'an administrator already'}")
            case LastAdmin():
                raise Refused(f"{name} is the only administrator, make somebody else one first")
            case Nobody():
                raise Refused(f"nobody is called {name}")
            case _:
                assert_never(outcome)

    at_desk(config, appoint)
    words = f"{name} looks after the site{' no longer' if off else ''}."
    print_done(words, as_json=as_json, name=_called(name), admin=not off)


@user.command()
@click.argument("name")
@click.option("--posting", is_flag=True, help="The secret posting address; the new one goes out by mail.")
@click.option("--replies", is_flag=True, help="The addresses that answer the posts NAME got by mail.")
@configured
@as_json
def renew(config: Config, as_json: bool, name: str, posting: bool, replies: bool) -> None:
    """Give NAME new secret mail addresses. What comes to the old ones is refused from now on."""
    if not posting and not replies:
        raise click.UsageError("give --posting or --replies")

    async def make_new(desk: Desk) -> Shown:
        async with desk.store.unit() as unit:
            account = await person(unit, name)
            which = " and ".join(word for word, on in (("posting", posting), ("replies", replies)) if on)
            await auditing.note(unit, operator(), Act.MEMBER_RENEW, account, words=which, now=now())
            if replies:
                await mail_addresses.renew_reply_addresses(unit, account.id)
            if posting:
                await mail_addresses.renew_posting_address(unit, account.id)
                await joining.mail_posting_address(unit, desk.site, account.id, now=now())
            return await _shown(unit, desk.site, await person(unit, name))

    _print(at_desk(config, make_new), as_json=as_json)


@user.command()
@click.argument("name")
@click.argument("switch", type=click.Choice(["on", "off"]))
@configured
@as_json
def guard(config: Config, as_json: bool, name: str, switch: str) -> None:
    """Let NAME's secret addresses take mail from NAME's own mailboxes alone (on), or from whoever knows them (off)."""

    async def set_switch(desk: Desk) -> None:
        async with desk.store.unit() as unit:
            account = await person(unit, name)
            if switch == "on" and account.mail_id is None:
                raise Refused(f"{name} has no mailbox to write from: birdwire user address {name} --email ADDRESS")
            await mail_addresses.check_sender(unit, account.id, switch == "on")
            await auditing.note(unit, operator(), Act.MEMBER_GUARD, account, words=switch, now=now())

    at_desk(config, set_switch)
    whom = "their own mailboxes alone" if switch == "on" else "whoever knows them"
    words = f"{name}'s posting address, and those that answer what {name} got, take mail from {whom}."
    print_done(words, as_json=as_json, name=_called(name), checks_sender=switch == "on")


@user.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@configured
@as_json
def delete(config: Config, as_json: bool, name: str, yes: bool) -> None:
    """Delete NAME with everything they wrote. It can't be undone; on a terminal you are asked first."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {name} and everything they wrote?", abort=True, err=True)

    async def end(desk: Desk) -> None:
        async with desk.store.unit() as unit:
            account = await person(unit, name)
            outcome = await governing.delete(unit, operator(), account.id, account.name or "", now=now())
            match outcome:
                case Done():
                    pass
                case Nobody() | NotTheName() | Yourself():
                    raise Refused(f"nobody is called {name}")
                case _:
                    assert_never(outcome)
        more = True
        while more:
            async with desk.store.unit() as unit:
                more = await forgetting.step(unit, now=now())

    at_desk(config, end)
    print_done(f"{name} is deleted.", as_json=as_json, name=_called(name), deleted=True)


async def _give(unit: Unit, account_id: int, numbers: Sequence[str], emails: Sequence[str]) -> None:
    """Texts and mails go to the last one from now on."""
    for phone, email in zip_longest(numbers, emails):
        held = await joining.add_addresses(unit, account_id, phone=phone, email=email, now=now())
        if held is not None:
            raise Refused(_held_by(held.name))


def _held_by(holder: str) -> str:
    return f"that phone or mail address belongs to {holder}"


def _called(typed: str) -> str:
    """A name as it is typed, as names are kept."""
    return typed.removeprefix("@").lower()


def _stopped(name: str, each: AddressRow) -> StoppedAddress:
    assert each.dead_at is not None
    return StoppedAddress(name, each.address, each.dead_at, each.dead_reason)


def _as_kept(desk: Desk, address: str) -> str:
    """A phone or mail address as it is typed, as addresses are kept."""
    return address.lower() if "@" in address else phones.e164(address, desk.site.default_region) or address


def _check_mail(email: str | None) -> None:
    if email is not None and not _MAIL.fullmatch(email):
        raise click.BadParameter(f"{email} is not a mail address", param_hint="--email")


async def _set_suspended(desk: Desk, name: str, suspended: bool) -> None:
    async with desk.store.unit() as unit:
        account = await person(unit, name)
        change = governing.suspend if suspended else governing.restore
        if isinstance(await change(unit, operator(), account.id, now=now()), Already):
            raise Refused(f"{name} is {'suspended already' if suspended else 'not suspended'}")


async def _shown(reading: Reading, site: Site, account: AccountRow) -> Shown:
    name = account.name or ""
    of_account = await addresses.of_account(reading, account.id)
    feeds = f"{site.public_url}/feeds/{token.make(site.key, Purpose.FEED, account.id, account.feed_version)}"
    return Shown(
        id=account.id,
        name=name,
        phones=[a.address for a in of_account if a.channel == Channel.SMS],
        emails=[a.address for a in of_account if a.channel == Channel.EMAIL],
        stopped=[_stopped(name, each) for each in of_account if each.dead_at is not None],
        posting_address=mail_addresses.posting_address(site, account),
        checks_sender=account.checks_sender,
        feed_url=f"{feeds if account.protected or site.private else site.public_url}/@{name}.rss",
        home_feed_url=f"{feeds}/home.rss",
        followers=await _names(reading, account.id, follows.followers),
        following=await _names(reading, account.id, follows.following),
        requests=await _names(reading, account.id, follows.requests),
        protected=account.protected,
        admin=account.admin,
        texts_on=account.texts_on,
        email_mode=account.email_mode,
        posts=(await accounts.counts(reading, account.id)).posts,
        created_at=account.created_at,
        suspended_at=account.suspended_at,
    )


async def _names(reading: Reading, account_id: int, people: _People) -> list[str]:
    found: list[Person] = []
    while page := await people(reading, account_id, after=found[-1].id if found else 0, most=_PAGE):
        found += page
    return [p.name or f"#{p.id}" for p in found]


def _print(shown: Shown, *, as_json: bool) -> None:
    if as_json:
        print_json(shown)
    else:
        print_table(("", ""), [(field.name.replace("_", " "), getattr(shown, field.name)) for field in fields(shown)])


def _phone(typed: str, region: str) -> str:
    """A phone number as a person types it, as E.164. Possible numbers are taken, not only those in use."""
    number = phones.e164(typed, region)
    if number is None:
        raise click.BadParameter(f"{typed} is not a phone number in {region} or with a leading +", param_hint="--phone")
    return number
