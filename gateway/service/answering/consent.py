"""STOP, START and HELP: for everyone, whoever they are, before anything else is looked at."""

from gateway.domain import reply
from gateway.domain.command_help import help_text
from gateway.domain.types import EmailMode
from gateway.service import digests, stopping
from gateway.service.answering import mailing
from gateway.service.answering.asked import Asked
from store import addresses, consents

_PROVIDER_KNOWS = frozenset(
    ("STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT", "START", "YES", "UNSTOP")
)
"""The words that a provider answers by itself: one of them alone, in any case, without punctuation."""


async def stop(asked: Asked) -> str:
    """Opt the phone out at once and drop what is queued for it; by mail, stop the account's mails, and tell who has a
    phone how its texts end.

    The confirmation is the last text this phone gets. A second STOP gets none, and none goes out where the provider
    confirms by itself (and would refuse ours).
    """
    if not asked.by_phone:
        return await _switch_mail(asked, EmailMode.OFF)
    fresh = await stopping.opt_out(
        asked.unit,
        asked.address,
        how=str(asked.told.channel),
        words=asked.told.text,
        why="opted out by STOP",
        now=asked.now,
    )
    return reply.stopped(asked.site.name) if fresh and not _provider_answers(asked) else ""


async def start(asked: Asked) -> str:
    """Opt the phone in again; by mail, start the account's mails again, or leave them as they come."""
    if not asked.by_phone:
        mode = EmailMode.OFF if asked.person is None else EmailMode(asked.person.email_mode)
        return await _switch_mail(asked, EmailMode.INSTANT if mode is EmailMode.OFF else mode)
    await addresses.opt_in(asked.unit, asked.address.id)
    await _enter(asked, "given")
    named = asked.person is not None and asked.person.name is not None
    if _provider_answers(asked):
        return ""
    return reply.started(asked.site.name, asked.sign_up_with, known=named)


def help_(asked: Asked, topic: str | None) -> str:
    """How this works; carriers want the programme's name and a contact, so it is given even where the provider has
    words of its own. With a topic: what that word does."""
    if topic is not None:
        return help_text(topic, f"{asked.site.public_url}/help")
    words = reply.help_ if asked.by_phone else reply.help_by_mail
    return words(asked.site.name, asked.site.public_url, asked.site.contact)


def help_after_stop(asked: Asked) -> str:
    """HELP from a phone that has opted out: whom to ask and how to come back. Nothing where the provider answers HELP
    itself, for it would refuse our text."""
    if asked.told.to in asked.site.provider_handles_keywords:
        return ""
    return reply.help_after_stop(asked.site.name, asked.site.public_url, asked.site.contact)


def _provider_answers(asked: Asked) -> bool:
    return asked.told.to in asked.site.provider_handles_keywords and asked.told.text.upper() in _PROVIDER_KNOWS


async def _switch_mail(asked: Asked, mode: EmailMode) -> str:
    if asked.person is None:
        return reply.not_your_mail()
    await _enter(asked, "refused" if mode is EmailMode.OFF else "given")
    rhythm = await digests.set_mode(asked.unit, asked.site, asked.person.id, mode, now=asked.now)
    texts_too = asked.from_their_own and asked.person.sms_route is not None
    return reply.mail_off_texts_on() if mode is EmailMode.OFF and texts_too else mailing.words_for(rhythm)


async def _enter(asked: Asked, action: str) -> None:
    await consents.add(
        asked.unit,
        asked.address.address,
        action=action,
        how=str(asked.told.channel),
        words=asked.told.text,
        now=asked.now,
    )
