"""Nudging somebody, inviting others, telling the operator, and the link that logs in."""

from datetime import timedelta
from typing import assert_never

from gateway.domain import reply, reply_people, reply_together
from gateway.domain.invite import CODES
from gateway.domain.types import EmailMode, Lane, NoticeKind
from gateway.service import inviting, login, notify, reporting
from gateway.service.answering.asked import Asked, meant, nobody
from gateway.service.inviting import Invitation, InvitedTooMany, NotForMembers
from store import accounts, follows, nudges, relations, reports
from store.accounts import AccountRow

_DAY = timedelta(days=1)


async def nudge(asked: Asked, me: AccountRow, name: str) -> str:
    """Ask somebody who follows to post again, once a day. It waits like a mention and not like an answer, as nobody
    waits for it. Who mutes the asker is spared, and the asker does not learn of it."""
    other = await meant(asked, me, name)
    if isinstance(other, str):
        return other
    if other.id == me.id:
        return reply_people.not_oneself()
    edge = await follows.edge(asked.unit, me.id, other.id)
    if edge is None or edge.state != "accepted":
        return reply_together.nudge_refused(name)
    if other.sms_route is None and (other.mail_id is None or other.email_mode == EmailMode.OFF):
        return reply_together.out_of_reach(name)
    if not await nudges.add(asked.unit, me.id, other.id, since=asked.now - _DAY, now=asked.now):
        return reply_together.nudged_before(name)
    if not await relations.mutes_other(asked.unit, other.id, me.id):
        await notify.tell_account(
            asked.unit,
            asked.site,
            other.id,
            lambda: reply_together.nudge(me.name or ""),
            now=asked.now,
            lane=Lane.MENTION,
            caused_by=me.id,
            kind=NoticeKind.NUDGE,
        )
    return reply_together.nudged(name)


async def invite(asked: Asked, me: AccountRow) -> str:
    """A text to pass on, with a code for one person where signing up takes one. Nothing is sent to anybody who did not
    ask for it."""
    site = asked.site
    if site.registration == "open":
        return reply_together.invitation(site.name, site.number, site.public_url)
    if not inviting.may_invite(site, me):
        return reply.registration_closed(site.registration, asked.operator, site.public_url)
    if not asked.from_their_own:
        return reply.only_from_your_own()
    outcome = await inviting.offer(asked.unit, site, me, number=_drawn(asked), now=asked.now)
    match outcome:
        case Invitation(_, code):
            return reply_together.invitation_with_code(site.name, site.number, site.public_url, code)
        case InvitedTooMany(limit):
            return reply_together.too_many_invited(limit)
        case NotForMembers():
            raise AssertionError("asked above")
        case _:
            assert_never(outcome)


def _drawn(asked: Asked) -> int:
    """A number from ``range(invite.CODES)`` that nobody can guess."""
    digits = ""
    while len(digits) < 18:  # many times as many as there are codes, so all are as likely
        digits += asked.new_code()
    drawn: int = int(digits) % CODES
    return drawn


async def report(asked: Asked, me: AccountRow, name: str, words: str) -> str:
    """Keep it for the operator, with the newest post of whom it is about; who blocks the reporter can be reported."""
    other = await accounts.by_name(asked.unit, name)
    if other is None:
        return await nobody(asked, name)
    if other.id == me.id:
        return reply_people.not_oneself()
    if await reporting.again_at(asked.unit, asked.site, me.id, now=asked.now):
        return reply_together.too_many_reports(asked.site.limits.reports_per_day)
    meant = await reporting.post_meant(asked.unit, me.id, other.id)
    await reports.add(asked.unit, me.id, other.id, words, post_id=meant, now=asked.now)
    return reply_together.reported(name)


async def log_in(asked: Asked, me: AccountRow) -> str:
    """A link for the person's own phone or mailbox and nobody else."""
    if not asked.from_their_own:
        return reply.only_from_your_own()
    link = await login.new_link(asked.unit, asked.site, me.id, now=asked.now)
    return reply_together.login(link, asked.site.limits.code_minutes)
