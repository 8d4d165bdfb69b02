"""``birdwire user``: the operator's hand on who takes part."""

import re
import secrets
import sys
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol, assert_never

import click
import msgspec

from gateway.cli_base import Desk, Refused, as_json, at_desk, configured, now, person, print_json, print_table
from gateway.config import Config
from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.domain.types import Channel
from gateway.service import forgetting, joining, phones
from gateway.service.site import Site
from store import accounts, addresses, follows, routes
from store.accounts import AccountRow, Person
from store.unit import Reading

_PAGE = 1000
_MAIL = re.compile(r"[^@\s<>\"]+@[^@\s<>\"]+")


class _People(Protocol):
    async def __call__(self, reading: Reading, account_id: int, *, after: int, most: int) -> list[Person]: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """All an operator sees of a person. ``followers`` and ``following`` are names, ``#ID`` for who has none."""

    id: int
    name: str
    phones: list[str]
    emails: list[str]
    posting_address: str
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


@click.group()
def user() -> None:
    """Add, show, suspend and delete people."""


@user.command()
@click.argument("name")
@click.option("--phone", help="A phone number; it counts as proven.")
@click.option("--email", help="A mail address; it counts as proven.")
@click.option("--protected", is_flag=True, help="Only followers that they accept see their posts.")
@click.option("--admin", is_flag=True, help="May look after the site.")
@configured
@as_json
def add(
    config: Config, as_json: bool, name: str, phone: str | None, email: str | None, protected: bool, admin: bool
) -> None:
    """Add somebody called NAME: 1 to 15 letters, digits or underscores."""
    number = None if phone is None else _phone(phone, config.sms.default_region)
    _check_mail(email)
    wanted = name.removeprefix("@").lower()

    async def sign_up(desk: Desk) -> Shown:
        async with desk.store.unit() as unit:
            await routes.ensure(unit, config.sender_names())
            outcome = await joining.add_user(
                unit, wanted, now=now(), phone=number, email=email, protected=protected, admin=admin
            )
            match outcome:
                case joining.Added():
                    await phones.choose_senders(unit, desk.site)
                    return await _shown(unit, desk.site, await person(unit, wanted))
                case joining.NameTaken():
                    raise Refused(f"somebody is called {wanted} already")
                case joining.NotAName():
                    raise Refused(f"{name} is not a name: 1 to 15 letters, digits or underscores")
                case joining.HeldBy(holder):
                    raise Refused(f"that phone or mail address belongs to {holder}")
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
            held = await joining.add_addresses(unit, account.id, phone=number, email=email, now=now())
            if held is not None:
                raise Refused(f"that phone or mail address belongs to {held.name}")
            await phones.choose_senders(unit, desk.site)
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
            code = await joining.new_claim_code(unit, desk.site, account.id, now=now(), new_code=_four_digits)
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
        print_json([{**msgspec.to_builtins(p), "name": p.name or ""} for p in people])
        return
    print_table(
        ("id", "name", "protected", "admin", "joined", "suspended"),
        [(p.id, p.name or "(only follows)", p.protected, p.admin, p.created_at, p.suspended_at) for p in people],
    )


@user.command()
@click.argument("name")
@configured
def suspend(config: Config, name: str) -> None:
    """Keep NAME from taking part, and their posts from being seen, until restored."""
    at_desk(config, lambda desk: _set_suspended(desk, name, now()))
    click.echo(f"{name} is suspended.")


@user.command()
@click.argument("name")
@configured
def restore(config: Config, name: str) -> None:
    """Let NAME take part again."""
    at_desk(config, lambda desk: _set_suspended(desk, name, None))
    click.echo(f"{name} is restored.")


@user.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@configured
def delete(config: Config, name: str, yes: bool) -> None:
    """Delete NAME with everything they wrote. It can't be undone; on a terminal you are asked first."""
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {name} and everything they wrote?", abort=True)

    async def end(desk: Desk) -> None:
        async with desk.store.unit() as unit:
            await joining.delete_account(unit, (await person(unit, name)).id, now=now())
        more = True
        while more:
            async with desk.store.unit() as unit:
                more = await forgetting.step(unit, now=now())

    at_desk(config, end)
    click.echo(f"{name} is deleted.")


def _four_digits() -> str:
    return f"{secrets.randbelow(10_000):04}"


def _check_mail(email: str | None) -> None:
    if email is not None and not _MAIL.fullmatch(email):
        raise click.BadParameter(f"{email} is not a mail address", param_hint="--email")


async def _set_suspended(desk: Desk, name: str, since: datetime | None) -> None:
    async with desk.store.unit() as unit:
        account = await person(unit, name)
        if (account.suspended_at is None) == (since is None):
            raise Refused(f"{name} is {'not suspended' if since is None else 'suspended already'}")
        await accounts.set_suspended(unit, account.id, since)


async def _shown(reading: Reading, site: Site, account: AccountRow) -> Shown:
    name = account.name or ""
    of_account = await addresses.of_account(reading, account.id)
    posting = token.make(site.key, Purpose.POST, account.id, account.post_version)
    feeds = f"{site.public_url}/feeds/{token.make(site.key, Purpose.FEED, account.id, account.feed_version)}"
    return Shown(
        id=account.id,
        name=name,
        phones=[a.address for a in of_account if a.channel == Channel.SMS],
        emails=[a.address for a in of_account if a.channel == Channel.EMAIL],
        posting_address=f"post+{posting}@{site.mail_domain}",
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
