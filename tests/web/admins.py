"""Those who look after the site, in a browser, and what they leave in the audit log."""

from store import accounts, audit
from store.audit import AuditRow
from store.unit import Store
from tests.web.browsing import Browser, log_in, with_mail
from tests.web.village import Village


async def an_admin(village: Village, browser: Browser, name: str = "ada") -> Browser:
    """Somebody who looks after the site, logged in."""
    account_id = await with_mail(village, name)
    async with village.store.unit() as unit:
        await accounts.set_admin(unit, account_id, True)
    await log_in(village, browser, name)
    return browser


async def log_of(store: Store) -> list[tuple[str, str, str, str]]:
    """The audit log, oldest first: door, who, act and about whom of each entry."""
    return [(each.door, each.who, each.act, each.about) for each in await entries(store)]


async def entries(store: Store) -> list[AuditRow]:
    async with store.reading() as reading:
        return await audit.page(reading, after=0, most=1000)


async def table(browser: Browser, path: str) -> list[list[str]]:
    """The cells of the first table's rows on a page."""
    await browser.open(path)
    return [[cell.text_content() for cell in row.xpath("th|td")] for row in browser.find("//tbody/tr")] or [[]]
