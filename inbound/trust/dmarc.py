"""DMARC (RFC 9989): which domains may speak for the one in From.

A domain that publishes a policy says by it where its organisation ends: that is found by walking up the tree of its
name (4.10). One that publishes none has nothing to say; for it the public suffix list says what was registered
together, as RFC 7489 had it. It also has a say where a policy stands at a name under which anybody may register
another, and does not say so (``psd=y``): nobody's organisation goes as far as that.
"""

import asyncio
from dataclasses import dataclass

from inbound.trust import domains
from inbound.trust.questions import Questions, Trouble

_MOST_LABELS = 8
"""Of a longer name only the whole is asked for, and then its last seven labels."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a domain's record says that matters here. ``strict_*``: only the very same domain may speak for it."""

    strict_dkim: bool
    strict_spf: bool
    psd: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Who may speak for a domain. ``policy`` is the one that holds for it, None if there is none; ``organisation`` the
    uppermost domain that is its holder's."""

    domain: str
    policy: Policy | None
    organisation: str


async def standing(questions: Questions, domain: str) -> Standing | Trouble:
    """What is published for the domain in From."""
    found = await _walk(questions, domain)
    if isinstance(found, Trouble):
        return found
    if not found:
        return Standing(domain, None, await asyncio.to_thread(domains.registered, domain))
    organisation = await asyncio.to_thread(_organisation, found, domain)
    for where in (domain, organisation, *found):
        if where in found:
            return Standing(domain, found[where], organisation)
    raise AssertionError("one of those that were found is among those that were found")


async def aligned(questions: Questions, author: Standing, domain: str, *, strict: bool) -> bool | Trouble:
    """Whether ``domain``, for which SPF or DKIM speaks, may speak for the author's (4.4)."""
    if domain == author.domain:
        return True
    if strict or not domains.is_below(domain, author.organisation):
        return False
    if author.policy is None:
        return await asyncio.to_thread(domains.registered, domain) == author.organisation
    found = await _walk(questions, domain)
    if isinstance(found, Trouble):
        return found
    return await asyncio.to_thread(_organisation, found, domain) == author.organisation


async def _walk(questions: Questions, domain: str) -> dict[str, Policy] | Trouble:
    """The policies at the domain and above it, from bottom to top, up to one that says where the top is (4.10)."""
    labels = domain.split(".")
    found: dict[str, Policy] = {}
    for left in [0, *range(max(1, len(labels) - _MOST_LABELS + 1), len(labels))]:
        where = ".".join(labels[left:])
        answer = await questions.ask(f"_dmarc.{where}", "TXT")
        if isinstance(answer, Trouble):
            return answer
        policies = [policy for record in answer.records if (policy := read(record)) is not None]
        if len(policies) == 1:  # several are none
            found[where] = policies[0]
            if policies[0].psd in ("y", "n"):
                break
    return found


def _organisation(found: dict[str, Policy], domain: str) -> str:
    """The organisational domain of the one where the walk began (4.10.2)."""
    for where, policy in found.items():
        if policy.psd == "n":
            return where
        if policy.psd == "y" and where != domain:
            return _one_below(where, domain)
    top = min(found, key=lambda where: where.count("."), default=domain)
    return _one_below(top, domain) if top != domain and domains.is_suffix(top) else top


def _one_below(where: str, domain: str) -> str:
    """Of a domain's name as much as the one above it has, and a label more."""
    return ".".join(domain.split(".")[-where.count(".") - 2 :])


def read(record: str) -> Policy | None:
    """A TXT record as a policy; None if it is not one. What it says that nobody knows is passed over (4.7)."""
    version, _, rest = record.partition(";")
    name, _, value = version.partition("=")
    if (name.strip(), value.strip()) != ("v", "DMARC1"):
        return None
    tags: dict[str, str] = {}
    for tag in rest.split(";"):
        name, _, value = tag.partition("=")
        tags.setdefault(name.strip().lower(), value.strip().lower())
    return Policy(tags.get("adkim") == "s", tags.get("aspf") == "s", tags.get("psd", "u"))
