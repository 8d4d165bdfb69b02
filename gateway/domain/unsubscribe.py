"""What a link that stops mails stops, written into the link itself: it works for as long as the mail lies in a mailbox.

    ACCOUNT 0 SEAL           all mails of an account
    ACCOUNT 8 AUTHOR SEAL    its mails of what one author writes
    ACCOUNT 9 DIGEST SEAL    its mails of what is said under one key: a word, a ``#tag``, a ``!group``
    DELIVERY SEAL            mails of the kind that one delivery was (as links were made before; good while it is kept)

Numbers are in base 32, which has no 0, 8 and 9. Nobody can make such a link, or change one into another, without the
key (``gateway.domain.token``); whoever has the mail has the link.
"""

import hmac
from dataclasses import dataclass
from functools import lru_cache

from gateway.domain import token
from gateway.domain.token import Purpose
from gateway.domain.types import Outgoing, PostKind

_ALL, _AUTHOR, _KEY = "0", "8", "9"
_DIGEST_LENGTH = 8


@dataclass(frozen=True, slots=True)
class AllMail:
    """All that the account gets by mail."""

    account_id: int


@dataclass(frozen=True, slots=True)
class AuthorsMail:
    """What one author writes."""

    account_id: int
    author_id: int


@dataclass(frozen=True, slots=True)
class KeysMail:
    """What is said under one key that the account listens to; the key by its digest (:func:`digest_of`)."""

    account_id: int
    digest: str


@dataclass(frozen=True, slots=True)
class DeliverysMail:
    """Mails of the kind that this delivery was."""

    delivery_id: int


Stop = AllMail | AuthorsMail | KeysMail | DeliverysMail


def what_stops(delivery: Outgoing, key: bytes) -> Stop:
    """What the link in this mail stops. A direct message or a mention has no switch of its own: all mails do."""
    account_id = delivery.account_id
    if account_id is None:
        return DeliverysMail(delivery.id)
    if delivery.via:
        return KeysMail(account_id, digest_of(key, delivery.via))
    if delivery.author_id is not None and delivery.kind is not PostKind.DIRECT and not delivery.mention:
        return AuthorsMail(account_id, delivery.author_id)
    return AllMail(account_id)


def make(key: bytes, stop: Stop) -> str:
    """The secret part of the link, of the address ``unsubscribe+...@`` too: at most 53 characters."""
    match stop:
        case DeliverysMail(delivery_id):
            return token.make(key, Purpose.UNSUBSCRIBE, delivery_id)
        case AllMail(account_id):
            words = f"{token.encode(account_id)}{_ALL}"
        case AuthorsMail(account_id, author_id):
            words = f"{token.encode(account_id)}{_AUTHOR}{token.encode(author_id)}"
        case KeysMail(account_id, digest):
            words = f"{token.encode(account_id)}{_KEY}{digest}"
    return words + token.seal(key, Purpose.UNSUBSCRIBE, words)


def read(key: bytes, secret: str) -> Stop | None:
    """What a genuine link stops; None for any other. Case does not matter."""
    claimed = token.parse(secret)
    if claimed is not None:
        genuine = token.holds(key, Purpose.UNSUBSCRIBE, claimed)
        return DeliverysMail(claimed.number) if genuine else None
    if not secret.isascii():
        return None
    words, seal = token.split(secret)
    if not hmac.compare_digest(seal, token.seal(key, Purpose.UNSUBSCRIBE, words)):
        return None
    for sign in (_ALL, _AUTHOR, _KEY):
        account, found, rest = words.partition(sign)
        account_id = token.decode(account)
        if not found or account_id is None:
            continue
        if sign == _ALL:
            return None if rest else AllMail(account_id)
        if sign == _KEY:
            return KeysMail(account_id, rest)
        author_id = token.decode(rest)
        return None if author_id is None else AuthorsMail(account_id, author_id)
    return None


@lru_cache(maxsize=1_000)
def digest_of(key: bytes, listened_to: str) -> str:
    """What stands in a link for a word, tag or group: eight characters that tell nobody which it is."""
    return token.seal(key, Purpose.UNSUBSCRIBE, f"key:{listened_to}")[:_DIGEST_LENGTH]
