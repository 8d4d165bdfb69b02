"""What was promised, kept outside the daemon, and what became of it: the two must balance.

Everything that somebody sent is entered when it is begun and marked when it was taken (200, 250). What came of it is
what the carrier and the mailbox got, and the rows of ``posts``. At the end:

    posted      each text that was taken is one post, what was taken back is none, and there are no others
    reached     each post came once, on each channel, to everybody who heard its author from then on
    forbidden   nothing came to anybody who did not hear its author then, was stopped, or after it was taken back
    doubled     a mail came twice, with one Message-ID, because of a crash or a cut after the end of its data
    answered    each command was answered once, in its own words, and nothing else was said
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from sqlalchemy import Row

from gateway.demo.mailbox import Mail
from gateway.demo.texts import Text

GRACE = timedelta(seconds=2.5)
"""What was claimed may go out for a second without being asked about again; the rest is for a busy machine."""

SETTLED_WITHIN = timedelta(seconds=5)
"""A crash so long after the end of a mail's data may have come before it was settled."""

NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(eq=False)
class Said:
    """One thing that somebody sent us: ``taken`` when we said so. ``answer``: how it must be answered, '' by silence.

    ``to`` whom it is for alone; ``undone``: what took it back."""

    who: str
    words: str
    begun: datetime
    answer: str = ""
    to: str = ""
    taken: datetime | None = None
    undone: "Said | None" = None


@dataclass(frozen=True)
class Hearing:
    """Whom somebody hears as of one thing they said: at the earliest and at the latest from when."""

    begun: datetime
    taken: datetime
    authors: frozenset[str]


@dataclass(eq=False)
class Reader:
    """Somebody who is reached by phone or mailbox or both, and whom they heard when."""

    name: str
    phone: str = ""
    mailbox: str = ""
    hearing: list[Hearing] = field(default_factory=list)

    def heard(self, since: datetime, until: datetime) -> list[frozenset[str]]:
        """All that may have been true between these moments."""
        ends = [later.taken for later in self.hearing[1:]] + [NEVER]
        return [
            each.authors for each, end in zip(self.hearing, ends, strict=True) if each.begun <= until and end >= since
        ]


@dataclass
class Ledger:
    """``posts`` and ``asked`` in the order of sending; ``crashes``, from when until when, of whatever could
    forget what it had not written.

    ``cuts``: how many mails were cut off after the end of their data; ``turned_away``: how often something was not
    taken and had to come again; ``refused``: what was refused for good."""

    posts: list[Said] = field(default_factory=list)
    asked: list[Said] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    crashes: list[tuple[datetime, datetime]] = field(default_factory=list)
    cuts: int = 0
    turned_away: int = 0

    @property
    def taken(self) -> int:
        return sum(said.taken is not None for said in (*self.posts, *self.asked))

    def balance(
        self, readers: Sequence[Reader], texts: Iterable[Text], mails: Iterable[Mail], rows: Iterable[Row[str, bool]]
    ) -> "Balance":
        """``rows``: text and whether it is deleted, of every post in the database."""
        found = Balance(self)
        found.check_posted(rows)
        by_phone, by_mailbox = defaultdict(list), defaultdict(list)
        for text in texts:
            by_phone[text.to].append(text)
        for mail in mails:
            by_mailbox[mail.recipients[0]].append(mail)
        for reader in readers:
            if reader.phone:
                found.check_phone(reader, by_phone.pop(reader.phone, []))
            if reader.mailbox:
                found.check_mailbox(reader, by_mailbox.pop(reader.mailbox, []))
        found.wrong += [f"nobody's phone or mailbox got something: {to}" for to in (*by_phone, *by_mailbox)]
        return found


@dataclass
class Balance:
    """The ledger, balanced: how much of what, and everything that is wrong in a sentence each."""

    ledger: Ledger
    posted: int = 0
    texts: int = 0
    mails: int = 0
    answered: int = 0
    doubled: int = 0
    lost: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        return self.lost + self.forbidden + self.wrong

    def check_posted(self, rows: Iterable[Row[str, bool]]) -> None:
        """The posts in the database are those that were taken, without those that were taken back."""
        there = Counter(text for text, deleted in rows if not deleted)
        for said in self.ledger.posts:
            if said.taken is None:
                self.wrong.append(f"never taken: {said.words}")
            elif said.undone is not None:
                self.wrong += [f"still there although taken back: {said.words}"] * (there[said.words] > 0)
            elif not there[said.words]:
                self.lost.append(f"not posted: {said.words}")
        known = {said.words for said in self.ledger.posts}
        self.forbidden += [f"nobody may have posted this: {words}" for words in there if words not in known]
        self.wrong += [f"posted {count} times: {words}" for words, count in there.items() if count > 1]
        deleted = sum(deleted for _, deleted in rows)
        undone = sum(said.undone is not None for said in self.ledger.posts)
        self.wrong += [f"{deleted} posts are deleted, {undone} were taken back"] * (deleted != undone)
        self.posted = there.total()

    def check_phone(self, reader: Reader, texts: list[Text]) -> None:
        """One phone: posts as they should be, and the answers to what it asked, no others."""
        lines = {f"{'D ' if said.to else ''}{said.who}: {said.words}": said for said in self.ledger.posts}
        came: dict[Said, list[datetime]] = defaultdict(list)
        answers: Counter[str] = Counter()
        for text in texts:
            if (said := lines.get(text.body)) is not None:
                came[said].append(text.at)
            else:
                answers[text.body] += 1
        self.texts += len(texts) - answers.total()
        self._check_reached(reader, came, f"{reader.name}'s phone")
        for said, times in came.items():
            self.wrong += [f"{reader.name}'s phone got {said.words} {len(times)} times: {times}"] * (len(times) > 1)
        due = Counter(said.answer for said in self.ledger.asked if said.who == reader.name and said.answer)
        self.answered += (answers & due).total()
        self.lost += [f"{reader.name} was not answered: {words}" for words in (due - answers).elements()]
        self.forbidden += [f"{reader.name} was told unasked: {words}" for words in (answers - due).elements()]

    def check_mailbox(self, reader: Reader, mails: list[Mail]) -> None:
        """One mailbox: posts as they should be, and each under one Message-ID."""
        words = {said.words: said for said in self.ledger.posts}
        came: dict[Said, list[datetime]] = defaultdict(list)
        ids: dict[Said, set[str]] = defaultdict(set)
        for mail in mails:
            said = words.get(mail.text.splitlines()[0])
            if said is None:
                self.forbidden.append(f"{reader.name} was mailed unasked: {mail.subject}")
                continue
            came[said].append(mail.at)
            ids[said].add(mail.message["Message-ID"])
        self.mails += len(came)
        self._check_reached(reader, came, f"{reader.name}'s mailbox")
        for said, times in came.items():
            self.wrong += [f"two mails, not one twice, to {reader.name}: {said.words}"] * (len(ids[said]) > 1)
            for before, after in pairwise(times):
                self._excuse(before, after, f"{reader.name} was mailed twice: {said.words} at {before} and {after}")

    def _check_reached(self, reader: Reader, came: dict[Said, list[datetime]], where: str) -> None:
        for said in self.ledger.posts:
            if said.to:
                must = may = said.to == reader.name
            else:
                must = all(said.who in authors for authors in reader.heard(said.begun, NEVER))
                may = True
            if must and said.undone is None and said not in came:
                self.lost.append(f"{where} never got {said.words}")
            for at in came.get(said, ()):
                hears = said.to or any(said.who in authors for authors in reader.heard(at - GRACE, at))
                if not (may and hears):
                    self.forbidden.append(f"{where} got {said.words} at {at}, begun {said.begun}")
                if said.undone is not None and said.undone.taken is not None and at > said.undone.taken + GRACE:
                    self.forbidden.append(f"{where} got {said.words} at {at}, taken back {said.undone.taken}")

    def _excuse(self, before: datetime, after: datetime, complaint: str) -> None:
        """A second copy of a mail is excused by a crash or a cut between its data's end and our note of it."""
        self.doubled += 1
        latest = min(before + SETTLED_WITHIN, after)
        if any(begun <= latest and before <= over for begun, over in self.ledger.crashes):
            return
        if self.ledger.cuts:
            self.ledger.cuts -= 1
            return
        self.wrong.append(complaint)
