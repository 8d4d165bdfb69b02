"""What people told the operator about others."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, and_, bindparam, func, insert, select, update

from store.schema import Instant, accounts, posts, reports
from store.unit import Reading, Unit


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report, with the names of both (None on an account that has none, or none any more), and what the post that
    it is about says (None when there is none, or it stands no more)."""

    id: int
    reporter_id: int
    reporter: str | None
    about_id: int
    about: str | None
    post_id: int | None
    words: str
    reported_at: datetime
    closed_at: datetime | None
    said: str | None


_reporter, _about = accounts.alias("reporter"), accounts.alias("about")
_ROW = (
    select(
        reports.c.id,
        reports.c.reporter_id,
        _reporter.c.name,
        reports.c.account_id,
        _about.c.name,
        reports.c.post_id,
        reports.c.words,
        reports.c.reported_at,
        reports.c.closed_at,
        func.coalesce(posts.c.full_text, posts.c.text),
    )
    .join(_reporter, _reporter.c.id == reports.c.reporter_id)
    .join(_about, _about.c.id == reports.c.account_id)
    .outerjoin(
        posts,
        and_(posts.c.id == reports.c.post_id, posts.c.author_id == reports.c.account_id, posts.c.deleted_at.is_(None)),
    )
)
_ADD = insert(reports)
_OPEN = _ROW.where(reports.c.closed_at.is_(None)).order_by(reports.c.id).limit(bindparam("most"))
_NEWEST = _ROW.order_by(reports.c.id.desc()).limit(bindparam("most"))
_BY_ID = _ROW.where(reports.c.id == bindparam("which"))
_OPEN_AFTER = (
    _ROW.where(reports.c.closed_at.is_(None), reports.c.id > bindparam("after", type_=BigInteger))
    .order_by(reports.c.id)
    .limit(bindparam("most"))
)
_NEWEST_BEFORE = (
    _ROW.where(reports.c.id < bindparam("before", type_=BigInteger))
    .order_by(reports.c.id.desc())
    .limit(bindparam("most"))
)
_COUNT_OPEN = select(func.count()).where(reports.c.closed_at.is_(None))
_REOPEN = (
    update(reports).where(reports.c.id == bindparam("which"), reports.c.closed_at.is_not(None)).values(closed_at=None)
)
_CLOSE = (
    update(reports)
    .where(reports.c.id == bindparam("which"), reports.c.closed_at.is_(None))
    .values(closed_at=bindparam("now", type_=Instant()))
)
_IS_ABOUT = select(reports.c.id).where(reports.c.post_id == bindparam("post", type_=BigInteger)).limit(1)
_NTH = (
    select(reports.c.reported_at)
    .where(reports.c.reporter_id == bindparam("reporter"))
    .order_by(reports.c.reported_at.desc())
    .limit(1)
    .offset(bindparam("before"))
)


async def add(unit: Unit, reporter_id: int, account_id: int, words: str, *, post_id: int | None, now: datetime) -> None:
    """Keep a report for the operator."""
    await unit.execute(
        _ADD,
        {
            "reporter_id": reporter_id,
            "account_id": account_id,
            "post_id": post_id,
            "words": words,
            "reported_at": now,
        },
    )


async def nth_newest(reading: Reading, reporter_id: int, number: int) -> datetime | None:
    """When the account made the ``number`` th of its reports, counted from the newest (1); None when it made fewer."""
    return (await reading.execute(_NTH, {"reporter": reporter_id, "before": number - 1})).scalar_one_or_none()


async def open_ones(reading: Reading, *, most: int) -> list[ReportRow]:
    """What waits for the operator, the oldest first."""
    return [ReportRow(*tuple(row)) for row in await reading.execute(_OPEN, {"most": most})]


async def newest(reading: Reading, *, most: int) -> list[ReportRow]:
    """Open or closed, the newest first."""
    return [ReportRow(*tuple(row)) for row in await reading.execute(_NEWEST, {"most": most})]


async def close(unit: Unit, report_id: int, *, now: datetime) -> ReportRow | None:
    """Close a report; None when it is none that is open."""
    if (await unit.execute(_CLOSE, {"which": report_id, "now": now})).rowcount == 0:
        return None
    return ReportRow(*tuple((await unit.execute(_BY_ID, {"which": report_id})).one()))


async def open_after(reading: Reading, after: int, *, most: int) -> list[ReportRow]:
    """What waits for the operator behind an id, the oldest first."""
    return [ReportRow(*tuple(row)) for row in await reading.execute(_OPEN_AFTER, {"after": after, "most": most})]


async def newest_before(reading: Reading, before: int, *, most: int) -> list[ReportRow]:
    """Open or closed with an id below ``before``, the newest first."""
    return [ReportRow(*tuple(row)) for row in await reading.execute(_NEWEST_BEFORE, {"before": before, "most": most})]


async def count_open(reading: Reading) -> int:
    """How many wait for the operator."""
    return (await reading.execute(_COUNT_OPEN)).scalar_one()


async def reopen(unit: Unit, report_id: int) -> ReportRow | None:
    """Let a closed report wait for the operator again; None when it is none that is closed."""
    if (await unit.execute(_REOPEN, {"which": report_id})).rowcount == 0:
        return None
    return ReportRow(*tuple((await unit.execute(_BY_ID, {"which": report_id})).one()))


async def is_about(reading: Reading, post_id: int) -> bool:
    """Whether anybody reported this post."""
    return (await reading.execute(_IS_ABOUT, {"post": post_id})).first() is not None
