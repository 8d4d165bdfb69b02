"""Which public feeds have something new since a hub was last told (WebSub). What nobody may read is told to nobody."""

from dataclasses import dataclass
from urllib.parse import quote

from gateway.domain.text import tags
from gateway.service import reading
from gateway.service.site import Site
from store import facts, timelines
from store.unit import Reading, Unit

FORMATS = ("rss", "atom", "json")

_TOLD = "websub_told"
_POSTS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class News:
    """The addresses of feeds, and the newest post that is in them."""

    feeds: tuple[str, ...]
    up_to: int


async def news(read: Reading, site: Site) -> News | None:
    """What is new; None when nothing is. The first time, all that is there is old."""
    newest = await timelines.newest_id(read)
    told = int(await facts.get(read, _TOLD) or -1)
    if newest <= told or site.private:
        return None
    if told < 0:
        return News((), newest)
    rows = [row for row in await timelines.public(read, most=_POSTS_AT_ONCE) if row.id > told]
    paths = dict.fromkeys(["/public"] if rows else [])
    for post in await reading.posts(read, [row.id for row in rows]):
        paths[f"/@{post.author}"] = None
        paths |= dict.fromkeys(f"/tags/{quote(tag, safe='')}" for tag in tags(post.whole))
    return News(tuple(f"{site.public_url}{path}.{ending}" for path in paths for ending in FORMATS), newest)


async def told(unit: Unit, up_to: int) -> None:
    """The hub has taken it. Another daemon that told it meanwhile told it the same."""
    if up_to > int(await facts.get(unit, _TOLD) or -1):
        await facts.put(unit, _TOLD, str(up_to))
