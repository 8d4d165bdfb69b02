"""What stands in a composer, wherever one stands: the words, what was wrong with them, and what they cost by text."""

from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from gateway.domain import sms_text, text
from gateway.domain.command import parse_mail
from gateway.domain.types import MAX_LENGTH, PostKind
from gateway.domain.wish import Direct
from gateway.service import posting
from gateway.service.site import Site
from gateway.web import addresses
from gateway.web.desk import given
from store.accounts import AccountRow

_SIGNS = 3
"""How many of the signs that make a text dear are shown."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The words, the post that they answer (0: none), and what was wrong with them: ``problem`` in a word, ``over``
    characters too many, the ``limit`` that was reached, for whom alone they seem to be (``to``). ``again``: they are to
    be looked at again, and not sent yet."""

    text: str = ""
    reply_to: int = 0
    problem: str = ""
    over: int = 0
    limit: int = 0
    to: str = ""
    again: bool = False

    @property
    def length(self) -> int:
        """Characters, as they are counted."""
        return text.length(text.normalise(self.text))


BLANK = Draft()
"""Nothing yet."""


async def drafted(request: web.Request, *, public: bool = True) -> Draft:
    """What was typed into a composer, by whichever of its buttons it came; ``public`` is one for everybody. There
    ``D bob see you``, which as a text goes to bob alone, is not sent before it was asked what is meant."""
    words, reply_to, act = await given(request, "text", "reply_to", "act")
    draft = Draft(words.replace("\r\n", "\n"), addresses.before(reply_to) or 0)
    if any(isinstance(each, FileField) and each.filename for each in (await request.post()).values()):
        return replace(draft, problem="picture", again=True)
    if act == "plain":
        return replace(draft, text=sms_text.without_pictures(draft.text), again=True)
    if public and not act and isinstance(meant := parse_mail(draft.text), Direct):
        return replace(draft, problem="private", to=meant.name, again=True)
    return replace(draft, again=act == "count")


def counted(site: Site, draft: Draft, me: AccountRow, kind: PostKind = PostKind.POST) -> dict[str, Any]:
    """What a draft costs by text, as those who get it do: which signs make it dear, whether plain letters would make it
    cheaper, and what becomes of it when it is too long."""
    mark = "D " if kind is PostKind.DIRECT else ""
    before, words = f"{mark}{me.name}: ", text.normalise(draft.text)
    as_sent = sms_text.compose(before + words)
    dear = as_sent.segments > 1 and not sms_text.is_gsm(as_sent.text) and draft.length <= MAX_LENGTH
    return {
        "before_words": before,
        "segments": as_sent.segments,
        "signs": sms_text.beyond_gsm(words)[:_SIGNS] if dear else "",
        "plain_saves": as_sent.segments - sms_text.segments(before + sms_text.without_pictures(words)) if dear else 0,
        "longest": MAX_LENGTH,
        "overflow": posting.overflow_of(site, me, kind),
    }
