"""What a provider reports about a message after it took it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """One status callback.

    ``source``, ``remote_id``  the provider's name and its id of the message.
    ``status``                 the provider's word, e.g. ``delivered``; callbacks come in any order and more than once.
    ``error_code``             the provider's code when it failed, else empty.
    ``delivery_id``, ``attempt``  our own numbers from the callback's address; None if they were not in it.
    """

    source: str
    remote_id: str
    status: str
    error_code: str
    delivery_id: int | None
    attempt: int | None
    received_at: datetime
