"""The audit log: whoever looks after the site and does something there or on the command line, what they do stands in
it from the same transaction on. It is only added to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from store import audit
from store.accounts import AccountRow
from store.sql import storable
from store.unit import Reading, Unit

SEEN_FOR = timedelta(minutes=10)
"""How long somebody's addresses stay open to an administrator who asked to see them."""

_LONGEST = 2_000


class Act(StrEnum):
    """What can be done, as it is kept."""

    MEMBER_ADD = "member.add"
    MEMBER_ADDRESS = "member.address"
    MEMBER_CLAIM = "member.claim"
    MEMBER_RENEW = "member.renew"
    MEMBER_GUARD = "member.guard"
    MEMBER_SUSPEND = "member.suspend"
    MEMBER_RESTORE = "member.restore"
    MEMBER_ADMIN = "member.admin"
    MEMBER_NO_ADMIN = "member.no-admin"
    MEMBER_LOG_OUT = "member.log-out"
    MEMBER_SEE = "member.see"
    MEMBER_RESUME = "member.resume"
    MEMBER_DELETE = "member.delete"
    MEMBER_EXPORT = "member.export"
    MEMBER_IMPORT = "member.import"
    MEMBER_POST = "member.post"
    FOLLOW_ADD = "follow.add"
    FOLLOW_IMPORT = "follow.import"
    DEFAULT_ADD = "default.add"
    DEFAULT_REMOVE = "default.remove"
    INVITE_ADD = "invite.add"
    INVITE_REVOKE = "invite.revoke"
    REPORT_CLOSE = "report.close"
    REPORT_OPEN = "report.open"
    QUEUE_HOLD = "queue.hold"
    QUEUE_RELEASE = "queue.release"
    QUEUE_RETRY = "queue.retry"
    QUEUE_DROP = "queue.drop"
    POST_REMOVE = "post.remove"
    GROUP_ADD = "group.add"
    SCHEDULE_DROP = "schedule.drop"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: an administrator on the site, or (without an account) a user of the machine on the command line."""

    who: str
    account_id: int | None = None

    @property
    def door(self) -> str:
        """Where they do it."""
        return "cli" if self.account_id is None else "web"


def on_the_site(me: AccountRow) -> Actor:
    """An administrator who is logged in."""
    return Actor(me.name or f"#{me.id}", me.id)


def called(account: AccountRow) -> str:
    """What a member is called in the log: by name, or by number who has none."""
    return account.name or f"#{account.id}"


async def note(
    unit: Unit, actor: Actor, act: Act, about: AccountRow | str | None = None, *, words: str = "", now: datetime
) -> None:
    """Enter what ``actor`` does: ``about`` a member, or something that has only a name."""
    member = about if isinstance(about, AccountRow) else None
    await audit.add(
        unit,
        at=now,
        door=actor.door,
        who_id=actor.account_id,
        who=storable(actor.who),
        act=act,
        about_id=member.id if member else None,
        about=called(member) if member else storable(about if isinstance(about, str) else ""),
        words=storable(" ".join(words.split()), _LONGEST),
    )


async def has_open(reading: Reading, me: AccountRow, account_id: int, *, now: datetime) -> bool:
    """Whether the administrator asked to see a member's addresses a moment ago, which stands in the log."""
    return await audit.did_lately(reading, me.id, Act.MEMBER_SEE, account_id, since=now - SEEN_FOR)
