"""Reports: what people tell the operator about others, and the end of it."""

from datetime import datetime, timedelta

from gateway.domain import reply_together
from gateway.domain.speech import say
from gateway.domain.types import Lane, PostKind
from gateway.service import notify
from gateway.service.site import Site
from store import member_timelines, posts, reports, timelines
from store.reports import ReportRow
from store.unit import Reading, Unit

_DAY = timedelta(days=1)


async def again_at(reading: Reading, site: Site, reporter_id: int, *, now: datetime) -> datetime | None:
    """When somebody may report again who has made all reports of a day; None for who may now."""
    limit = site.limits.reports_per_day
    if limit <= 0:
        return now + _DAY
    counted = await reports.nth_newest(reading, reporter_id, limit)
    return None if counted is None or counted < now - _DAY else counted + _DAY


async def post_meant(reading: Reading, reporter_id: int, about_id: int, *, named: int | None = None) -> int | None:
    """The post that a report is about: the one that is named, else the newest of whom it is about. It is one that
    everybody or the reporter sees: by a report nobody shows the operator what was not for them."""
    for post_id in (named, await posts.latest_post(reading, about_id)):
        found = None if post_id is None else await posts.by_id(reading, post_id)
        if found is None or found.author_id != about_id or found.kind != PostKind.POST or found.deleted_at is not None:
            continue
        place = await timelines.place(reading, found.id)
        if (place is not None and place.listed) or await member_timelines.sees(reading, reporter_id, found.id):
            return found.id
    return None


async def close(unit: Unit, site: Site, report_id: int, *, now: datetime) -> ReportRow | None:
    """Close a report and tell who made it; None when there is none of this number that is open."""
    closed = await reports.close(unit, report_id, now=now)
    if closed is not None:
        about = closed.about
        await notify.tell_account(
            unit,
            site,
            closed.reporter_id,
            lambda: reply_together.report_closed(about or say("somebody")),
            now=now,
            lane=Lane.MENTION,
        )
    return closed
