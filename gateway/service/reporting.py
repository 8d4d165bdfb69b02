"""Reports: what people told the operator about others, and the end of it."""

from datetime import datetime

from gateway.domain import reply_together
from gateway.domain.speech import say
from gateway.domain.types import Lane
from gateway.service import notify
from gateway.service.site import Site
from store import reports
from store.reports import ReportRow
from store.unit import Unit


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
