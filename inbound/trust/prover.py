"""Who wrote a mail, if that is proven: by whose word, or why not.

    Proven      it is from the address in From, and was written to ours
    Unproven    nobody who may says so; coming again would not change it
    Undecided   name servers did not answer in time, so it must come again: never a yes

Where ``mail.inbound.trusted_authserv_id`` names the operator's own mail server, that one's results are read
(``inbound.trust.upstream``) and nothing is asked. Else the mail is looked at here, in this order, until one says yes:

    DKIM by the very domain in From      one question
    SPF by the very domain               where the client is known that brings the mail, and is one of the world's: not
                                         behind another server
    both by domains that DMARC lets speak for it
    ARC by somebody whom the operator trusts

Whichever it is, To or Cc must name our address (``inbound.trust.addressed``), under DKIM and ARC in what was signed,
and that must not be old (``inbound.trust.once``): also where the operator's server has found the signature good.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from inbound.trust import addressed, chain, dmarc, domains, head, once, results, signatures, spf, upstream
from inbound.trust.addressed import Addressed
from inbound.trust.author import Author, NoAuthor, author
from inbound.trust.dmarc import Standing
from inbound.trust.head import Field, named
from inbound.trust.networks import is_within
from inbound.trust.questions import Questions, Resolver, Trouble
from inbound.trust.results import Results
from inbound.trust.signatures import Signature, Verifier


class By(StrEnum):
    """By whose word a mail is proven."""

    DKIM = "dkim"
    SPF = "spf"
    ARC = "arc"
    UPSTREAM = "upstream"


class Why(StrEnum):
    """What is missing."""

    UNREADABLE = "unreadable"
    NOT_TO_US = "not to us"
    TO_NOT_SIGNED = "to not signed"
    OLD = "old"
    NOT_CHECKED = "not checked"
    TOO_MANY_QUESTIONS = "too many questions"
    NOBODY_SAYS_SO = "nobody says so"


@dataclass(frozen=True, slots=True)
class Proven:
    """It is from this address. ``mark``: what it is known by besides its Message-ID, where that could be changed by
    whoever sends it again; empty where it could not."""

    author: Author
    by: By
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Unproven:
    """It is not known from whom. ``domain`` is that of From, where there is one."""

    why: Why | NoAuthor
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Undecided:
    """It cannot be known now; ``reason`` is never empty."""

    reason: str


Verdict = Proven | Unproven | Undecided


@dataclass(frozen=True, slots=True)
class Client:
    """Who brings the mail. ``ip`` is empty where that is the operator's own server; ``sender`` is the address of the
    return path, ``helo`` what the client calls itself."""

    ip: str
    helo: str
    sender: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word counts. ``server``: the authserv-id of the operator's own mail server, empty without one; ``sealers``:
    domains whose ARC seals are believed, in lower case; ``patience``: seconds that the whole may take."""

    server: str = ""
    sealers: frozenset[str] = frozenset()
    patience: float = 15.0


class Prover:
    """Looks at mails, any number of them at once."""

    def __init__(
        self, trust: Trust, resolver: Resolver, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._trust = trust
        self._resolver = resolver
        self._now = now

    async def who_wrote(self, content: bytes, client: Client, address: str) -> Verdict:
        """Who wrote the mail in ``content`` to ``address``, which is one of ours in lower case."""
        fields = head.read(content)
        if fields is None and self._trust.server and is_within(client.ip) is not False:
            fields = head.read_bare(content)
        if fields is None or once.is_doubled(fields):
            return Unproven(Why.UNREADABLE)
        writer = author(fields)
        if isinstance(writer, NoAuthor):
            return Unproven(writer)
        try:
            async with asyncio.timeout(self._trust.patience):
                if self._trust.server:
                    return await self._as_told(fields, writer, address, client)
                questions = Questions(self._resolver)
                case = _Case(self._trust, questions, content, fields, writer, address, self._now())
                return await case.decide(client)
        except TimeoutError:
            return Undecided("it took too long")

    async def _as_told(self, fields: Sequence[Field], writer: Author, address: str, client: Client) -> Verdict:
        """As the operator's own mail server has it. From anybody else's machine, nobody has looked at the mail yet."""
        to_us = addressed.look(fields, address)
        if not to_us.names_us and not addressed.is_silent(fields):
            return Unproven(Why.NOT_TO_US)
        said = upstream.read(fields, self._trust.server) if is_within(client.ip) is not False else None
        if said is None:
            return Unproven(Why.NOT_CHECKED)
        match await asyncio.to_thread(results.speaks_for, said, writer.domain, registered_together):
            case Trouble(reason):
                return Undecided(reason)
            case False:
                return Unproven(Why.NOBODY_SAYS_SO, writer.domain)
            case True:
                return await asyncio.to_thread(self._as_signed, said, fields, to_us, writer)

    def _as_signed(self, said: Results, fields: Sequence[Field], to_us: Addressed, writer: Author) -> Verdict:
        """What remains of the word of the operator's server once it is seen what it stands on. Where that is a
        signature alone, whoever got the mail could have sent it on to us: a good signature of the author's domain must
        cover a To or Cc with our address, and no old date. It is not said which of several by one domain is good, and
        anybody can put another beside it: so each of them must. A server that does not say what it found is
        believed, and so is one that hands on no signature at all: it alone can have taken out what it verified."""
        paths = results.passed(said, "spf", "smtp.mailfrom")
        signers = results.passed(said, "dkim", "header.d", "header.i")
        shown = named(fields, "dkim-signature")
        if not signers or not shown or any(registered_together(path, writer.domain) for path in paths):
            return Proven(writer, By.UPSTREAM)

        def is_meant(domain: str) -> bool:
            good = any(each == domain or each.endswith(f".{domain}") for each in signers)  # as header.i may have it
            return good and registered_together(domain, writer.domain)

        found = signatures.all_by(fields, is_meant)
        if not found or not all(to_us.signed(each.covers) for each in found):
            return Unproven(Why.TO_NOT_SIGNED, writer.domain)
        if any(once.is_old(fields, each, self._now()) for each in found):
            return Unproven(Why.OLD, writer.domain)
        return Proven(writer, By.UPSTREAM, next(filter(None, map(once.mark, found)), ""))


@dataclass(slots=True)
class _Case:
    """One mail that is looked at here."""

    trust: Trust
    questions: Questions
    content: bytes
    fields: Sequence[Field]
    writer: Author
    address: str
    now: datetime
    trouble: str = ""

    async def decide(self, client: Client) -> Verdict:
        """Ask whoever may know, the cheapest first."""
        to_us = addressed.look(self.fields, self.address)
        if not to_us.names_us:
            return Unproven(Why.NOT_TO_US)
        found = signatures.read(self.fields)
        to_us_signed = [each for each in found if to_us.signed(each.covers)]
        signed = [each for each in to_us_signed if not self._is_old(each)]
        verifier = Verifier(self.questions, self.content)
        domain = self.writer.domain
        for signature in signed:
            if signature.domain == domain and self._is_yes(await verifier.holds(signature)):
                return Proven(self.writer, By.DKIM, once.mark(signature))
        path = _return_path(client)
        if path == domain and self._is_yes(await self._spf_passes(client, domain)):
            return Proven(self.writer, By.SPF)
        if proof := await self._by_relatives(verifier, signed, client, path):
            return proof
        match await self._vouched_for(to_us):
            case Trouble(reason):
                self.trouble = reason
            case Signature() as signature:
                return Proven(self.writer, By.ARC, once.mark(signature))
            case None:
                pass
        if self.questions.too_many:
            return Unproven(Why.TOO_MANY_QUESTIONS)
        if self.trouble:
            return Undecided(self.trouble)
        kin = [each for each in found if each not in signed and self._is_kin(each.domain)]
        if any(each in to_us_signed for each in kin):
            return Unproven(Why.OLD, domain)
        return Unproven(Why.TO_NOT_SIGNED if kin else Why.NOBODY_SAYS_SO, domain)

    async def _by_relatives(
        self, verifier: Verifier, signed: Sequence[Signature], client: Client, path: str | None
    ) -> Proven | None:
        """By domains other than the one in From that may speak for it all the same."""
        others = [each for each in signed if self._is_another(each.domain)]
        by_path = path is not None and self._is_another(path)
        if not others and not by_path:
            return None
        standing = await dmarc.standing(self.questions, self.writer.domain)
        if isinstance(standing, Trouble):
            self.trouble = standing.reason
            return None
        for signature in others:
            if await self._is_aligned(standing, signature.domain, dkim=True) and self._is_yes(
                await verifier.holds(signature)
            ):
                return Proven(self.writer, By.DKIM, once.mark(signature))
        if not by_path or path is None or not await self._is_aligned(standing, path, dkim=False):
            return None
        return Proven(self.writer, By.SPF) if self._is_yes(await self._spf_passes(client, path)) else None

    async def _is_aligned(self, standing: Standing, domain: str, *, dkim: bool) -> bool:
        policy = standing.policy
        strict = policy is not None and (policy.strict_dkim if dkim else policy.strict_spf)
        return self._is_yes(await dmarc.aligned(self.questions, standing, domain, strict=strict))

    async def _spf_passes(self, client: Client, domain: str) -> bool | Trouble:
        local = client.sender.rpartition("@")[0]
        return await spf.passes(self.questions, client.ip, client.helo, f"{local}@{domain}")

    async def _vouched_for(self, to_us: Addressed) -> Signature | Trouble | None:
        if not self.trust.sealers:
            return None
        return await chain.vouches(
            self.questions,
            self.content,
            self.fields,
            self.trust.sealers,
            self.writer.domain,
            lambda each: to_us.signed(each.covers) and not self._is_old(each),
            registered_together,
        )

    def _is_old(self, signature: Signature) -> bool:
        return once.is_old(self.fields, signature, self.now)

    def _is_yes(self, answer: bool | Trouble) -> bool:
        """Whether it is a yes; trouble is remembered, for whoever might have said yes."""
        if isinstance(answer, Trouble):
            self.trouble = answer.reason
            return False
        return answer

    def _is_another(self, domain: str) -> bool:
        """Whether it is another domain, of which there can be an organisation that has both: their names end alike."""
        own = self.writer.domain
        return domain != own and domain.rpartition(".")[2] == own.rpartition(".")[2]

    def _is_kin(self, domain: str) -> bool:
        """Whether one of the two is within the other."""
        return domains.is_below(domain, self.writer.domain) or domains.is_below(self.writer.domain, domain)


def registered_together(one: str, other: str) -> bool:
    """Whether two domains were registered as one, as far as anybody knows who asks neither."""
    return domains.registered(one) == domains.registered(other)


def _return_path(client: Client) -> str | None:
    """The domain that SPF can be asked about; None if it cannot."""
    return domains.a_label(client.sender.rpartition("@")[2]) if is_within(client.ip) is False else None
