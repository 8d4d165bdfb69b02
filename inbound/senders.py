"""Who sent a mail, for the doors that ask: ``post@``, and secret addresses (``post+TOKEN@``, ``reply+TOKEN@``) whose
owners want it so.

A mail to any other door comes through here untouched and unread. One that no person wrote does so, too: the intake does
nothing with it. Whoever is turned away hears why, in words for a person, as the reply to the mail's data; so their own
mail server tells them, and nobody is written to in the name of somebody else.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from typing import assert_never

import structlog
from msgspec.structs import replace

from gateway import metrics
from gateway.service.doors import Refused
from gateway.service.senders import Welcome
from inbound.message import (
    Door,
    Inbound,
    OwnersAddress,
    OwnersReplyAddress,
    PostingAddress,
    ProvenSender,
    ReplyAddress,
    SharedAddress,
)
from inbound.trust.author import Author, NoAuthor
from inbound.trust.prover import Client, Proven, Prover, Undecided, Unproven, Why

log = structlog.get_logger(__name__)

MOST_ASKING = 3
"""Doors that one mail may go to of those that ask who sent it: each time name servers may take their time."""

Knows = Callable[[Sequence[str], str, int | None], Awaitable[Welcome | Refused]]
"""Whether a mailbox (the ways to write it) may write these words to everybody's address, or to that of an account."""

_UNDECIDED = "451 4.4.3 It could not be found out who sent this mail, since name servers did not answer. Try later."
_WORDS: Mapping[Why | NoAuthor, str] = {
    NoAuthor.MISSING: "5.7.1 This mail has no From line. Send it with your own address there.",
    NoAuthor.SEVERAL: "5.7.1 From has more than one address. Send your mail from one alone; a comma in your name needs"
    " quotes.",
    NoAuthor.UNCLEAR: "5.7.1 From cannot be read without doubt. Write it as: From: Your Name <you@example.org>",
    NoAuthor.DECOY: "5.7.1 The name in From looks like another mail address. Write your name there, or nothing.",
    NoAuthor.PASSED_ON: "5.7.1 This mail was passed on by somebody else (Resent-From). Only who wrote it can post it.",
    Why.UNREADABLE: "5.6.0 The head of this mail is not written as mail must be, so it is not certain who wrote it."
    " {other}",
    Why.NOT_TO_US: "5.7.1 To and Cc do not name {address}. Write it there, not in Bcc.",
    Why.TO_NOT_SIGNED: "5.7.26 The signature (DKIM) of your mail service does not cover To and Cc, so anybody could"
    " have sent this on to us. {other}",
    Why.OLD: "5.7.1 This mail says that it was written more than six days ago, or in the future, so it may have been"
    " here before. Look at your clock, and send it anew.",
    Why.NOT_CHECKED: "5.7.1 Our mail server has not said who sent this. Please tell whoever runs this site. {other}",
    Why.TOO_MANY_QUESTIONS: "5.7.26 Your domain makes us ask too many name servers. Please tell whoever runs its mail.",
    Why.NOBODY_SAYS_SO: "5.7.26 It is not proven that this mail is from {domain}: neither SPF nor DKIM says so. Send it"
    " through your own mail service. {other}",
}
_CERTIFIED = (
    "550 5.7.1 This is certified mail (PEC), which is From its provider, so it is not proven who wrote it. Please write"
    " from an ordinary mailbox. {other}"
)
_ANOTHER_WAY = "Your secret posting address needs no proof."
"""For those who wrote to everybody's address."""


class Senders:
    """Looks at mails for those doors."""

    def __init__(self, prover: Prover, knows: Knows) -> None:
        self._prover = prover
        self._knows = knows

    async def sort(
        self, content: bytes, client: Client, messages: Sequence[Inbound]
    ) -> tuple[list[Inbound], dict[str, str]]:
        """The messages that may be taken, now that it is known who sent them; and the SMTP reply for each of the
        others, by the address that it was for."""
        taken: list[Inbound] = []
        refused: dict[str, str] = {}
        for message in messages:
            if not asks(message.door) or message.automatic:
                taken.append(message)
                continue
            found = await self._look(content, client, message)
            if isinstance(found, str):
                refused[message.to] = found
            else:
                taken.append(found)
        return taken, refused

    async def _look(self, content: bytes, client: Client, message: Inbound) -> Inbound | str:
        other = _ANOTHER_WAY if isinstance(message.door, SharedAddress) else ""
        if message.certified:  # what is proven of the envelope says nothing of the words that were read
            _note("unproven", "certified")
            return _CERTIFIED.format(other=other)
        verdict = await self._prover.who_wrote(content, client, message.to)
        match verdict:
            case Proven(author, by, mark):
                _note(by, "")
                return await self._welcome(author, message, mark)
            case Unproven(why, domain):
                _note("unproven", why)
                return f"550 {_WORDS[why].format(address=message.to, domain=domain, other=other)}"
            case Undecided(reason):
                _note("undecided", reason)
                return _UNDECIDED
            case _:
                assert_never(verdict)

    async def _welcome(self, author: Author, message: Inbound, mark: str) -> Inbound | str:
        """The message as the author's. At everybody's address it is told apart from what others send under the same
        Message-ID: nobody can have somebody else's mail taken for a repeated one. Nor can they have one taken twice:
        where another Message-ID could have been put on it, it is known by its ``mark``."""
        door = message.door
        account_id = door.account_id if isinstance(door, OwnersAddress | OwnersReplyAddress) else None
        known = await self._knows(author.spellings, message.text, account_id)
        if isinstance(known, Refused):
            return f"550 {known.status} {known.words}"
        if mark:
            message = replace(message, remote_id=sha256(f"{message.to}\n{mark}".encode()).hexdigest())
        match door:
            case OwnersAddress(account_id):
                return replace(message, door=PostingAddress(account_id), sender=known.address)
            case OwnersReplyAddress(_, delivery_id):
                return replace(message, door=ReplyAddress(delivery_id), sender=known.address)
            case _:
                return replace(
                    message,
                    door=ProvenSender(),
                    sender=known.address,
                    remote_id=sha256(f"{known.address}\n{message.remote_id}".encode()).hexdigest(),
                )


def asks(door: Door) -> bool:
    """Whether a door asks who sent a mail."""
    return isinstance(door, SharedAddress | OwnersAddress | OwnersReplyAddress)


def _note(verdict: str, why: str) -> None:
    metrics.sender_judged(verdict)
    log.info("mail.sender", verdict=str(verdict), why=str(why))
