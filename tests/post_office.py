"""A post office for several mail domains, and the machines that answer in people's mailboxes.

    office = PostOffice({"here.example": port, ...}, {"bob@people.example": Vacation("bob@people.example")})

It takes all mail on loopback and hands it on, one after the other: to the door of a domain, or to the machine of a
mailbox, whose answers it takes in turn. What a door refuses comes back to its sender (RFC 5321 4.5.5, RFC 3464). All
that it carried is kept, so it can be counted.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from types import TracebackType
from typing import Protocol, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from gateway import daemon
from gateway.demo.mailbox import Mailbox
from tests.towns import hand_over

_DOMAIN = "post.example"
_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail on its way: who sends it to SMTP (empty: nobody is to answer), to whom, and what."""

    sender: str
    to: str
    message: EmailMessage


class Machine(Protocol):
    """What answers in a mailbox."""

    def answers(self, letter: Letter) -> Iterable[Letter]:
        """What it writes when this comes."""
        ...


class PostOffice:
    """As ``async with PostOffice(...) as office``; then it listens on ``office.port``. ``most`` mails it carries, then
    it burns what comes: who would go on for ever has been seen by then."""

    def __init__(self, doors: Mapping[str, int], machines: Mapping[str, Machine], *, most: int = 1_000) -> None:
        self._doors, self._machines, self._most = doors, machines, most
        self._box = Mailbox()
        self._box.handle_DATA = self._take  # type: ignore[assignment,method-assign]  # it goes on from here
        self._waiting: asyncio.Queue[Letter] = asyncio.Queue()
        self.carried: list[Letter] = []
        self.refused: list[str] = []
        self.in_hand = 0

    async def __aenter__(self) -> Self:
        await self._box.__aenter__()
        self.port = self._box.port
        self._working = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._working.cancel()
        await asyncio.gather(self._working, return_exceptions=True)
        await self._box.__aexit__(kind, error, trace)

    @property
    def by_domain(self) -> Counter[str]:
        """How many mails it carried to each domain."""
        return Counter(letter.to.rpartition("@")[2] for letter in self.carried)

    def state(self) -> tuple[int, int]:
        """What stands still when it is at rest."""
        return self.in_hand, len(self.carried)

    async def _take(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        for recipient in envelope.rcpt_tos:
            self._put(Letter(envelope.mail_from or "", recipient, message))
        return "250 2.0.0 Taken"

    def _put(self, letter: Letter) -> None:
        self.in_hand += 1
        self._waiting.put_nowait(letter)

    async def _work(self) -> None:
        while True:
            letter = await self._waiting.get()
            if len(self.carried) < self._most:
                self.carried.append(letter)
                await self._hand_on(letter)
            self.in_hand -= 1

    async def _hand_on(self, letter: Letter) -> None:
        door = self._doors.get(letter.to.rpartition("@")[2])
        if door is None:
            machine = self._machines.get(letter.to)
            for answer in machine.answers(letter) if machine else ():
                self._put(answer)
            return
        words = await hand_over(door, letter.message.as_bytes(policy=policy.SMTP), letter.sender, letter.to)
        if words:
            self.refused.append(words)
        if words and letter.sender:
            self._put(_returned(letter, words))


def _returned(letter: Letter, words: str) -> Letter:
    report = EmailMessage()
    report["From"], report["To"] = f"MAILER-DAEMON@{_DOMAIN}", letter.sender
    report["Subject"], report["Auto-Submitted"] = "Undelivered Mail Returned to Sender", "auto-replied"
    report["Message-ID"] = f"<returned.{next(_NUMBERS)}@{_DOMAIN}>"
    report.set_content(f"{letter.to} could not be reached: {words}\n")
    fields = f"Reporting-MTA: dns; {_DOMAIN}\n\nFinal-Recipient: rfc822; {letter.to}\nAction: failed\nStatus: 5.1.1\n"
    report.add_attachment(f"{fields}Diagnostic-Code: smtp; {words}\n".encode(), "message", "delivery-status")
    report.replace_header("Content-Type", "multipart/report")
    report.set_param("report-type", "delivery-status")
    return Letter("", letter.sender, report)


def _answer(own: str, to: str, letter: Letter, subject: str, words: str) -> EmailMessage:
    answer, answered = EmailMessage(), str(letter.message["Message-ID"] or "")
    answer["From"], answer["To"], answer["Subject"] = own, to, " ".join(subject.split())
    answer["Date"] = format_datetime(daemon.now())
    answer["Message-ID"] = f"<answer.{next(_NUMBERS)}@{own.rpartition('@')[2]}>"
    if answered:
        answer["In-Reply-To"] = answered
        answer["References"] = " ".join([*str(letter.message["References"] or "").split(), answered])
    answer.set_content(words)
    return answer


def _first_word(message: EmailMessage, name: str) -> str:
    return str(message[name] or "").partition(";")[0].strip().lower()


@dataclass
class Vacation:
    """An answering machine that keeps RFC 3834; the sections stand beside what they ask for. ``says`` is whether it
    marks what it writes (3.1.7), which all but the oldest do."""

    own: str
    says: bool = True

    def __post_init__(self) -> None:
        self._told: set[str] = set()

    def answers(self, letter: Letter) -> Iterable[Letter]:
        to, message = letter.sender, letter.message
        local = to.partition("@")[0].lower()
        if not to or local in {"mailer-daemon", "postmaster"} or local.startswith("owner-") or "-request" in local:
            return  # 2: a mail that came back, a list's own address
        if _first_word(message, "Auto-Submitted") not in {"", "no"}:
            return  # 2, 5
        if _first_word(message, "Precedence") in {"bulk", "junk", "list"}:
            return  # 2
        if any(name.lower().startswith("list-") for name in message):
            return  # 2
        named = getaddresses([str(value) for name in ("To", "Cc") for value in message.get_all(name, [])])
        if self.own not in {address for _, address in named}:
            return  # 2: it was not written to this person
        if to in self._told:
            return  # 2: once in so many days
        self._told.add(to)
        answer = _answer(self.own, to, letter, f"Auto: {message['Subject']}", "I am away until Monday.\n")
        if self.says:
            answer["Auto-Submitted"] = "auto-replied"  # 3.1.7
        yield Letter("", to, answer)  # 3.3 and 4: to the return path, with none of its own


@dataclass
class Rude:
    """One that has never heard of RFC 3834. It answers all that comes, its own words and what comes back among them,
    to everybody whose address it finds there, bears no mark, and remembers nobody. ``words`` says what it writes to
    the n-th mail."""

    own: str
    words: Callable[[int], str]

    def __post_init__(self) -> None:
        self._heard = 0

    def answers(self, letter: Letter) -> Iterable[Letter]:
        self._heard += 1
        message = letter.message
        written = [str(message[name]) for name in ("Reply-To", "From", "Sender", "Return-Path") if message[name]]
        found = [letter.sender, *(address for _, address in getaddresses(written))]
        for to in dict.fromkeys(address for address in found if "@" in address and address != self.own):
            yield Letter(
                self.own, to, _answer(self.own, to, letter, f"Re: {message['Subject']}", self.words(self._heard))
            )
