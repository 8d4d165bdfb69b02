"""What a person's mail program and mail server do, whoever wrote them."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail as the program reads it that shows it to a person. ``sender`` is its return path, ``raw`` what came over
    the wire; ``html`` is empty where the program shows none. Names of headers are in lower case, values on one line."""

    number: int
    sender: str
    recipient: str
    subject: str
    author: str
    text: str
    html: str
    headers: dict[str, str]
    raw: bytes


class Client(Protocol):
    """The programs of everybody at mail.example. They run from ``async with`` on; their server listens on ``port`` and
    takes all that Birdwire sends, and they send to ``door``, a port, once that is set."""

    port: int
    door: int
    arrived: list[Arrived]

    async def got(self, recipient: str, words: str) -> Arrived:
        """The first mail to them with these words; waits for it. TimeoutError when none comes."""
        ...

    async def look(self) -> None:
        """Read all that has come until now."""
        ...

    async def write(self, sender: str, to: str, subject: str, words: str) -> None:
        """Write a mail as a person does. A refusal fails the test."""
        ...

    async def answer(self, mail: Arrived, words: str) -> None:
        """Answer it, with the mail quoted below, to where it wants to be answered."""
        ...

    async def hand_in(self, raw: bytes, to: str) -> None:
        """Bring a mail that no person wrote, with an empty return path."""
        ...

    async def press_unsubscribe(self, mail: Arrived) -> int:
        """Press the button that mail programs show for List-Unsubscribe-Post; the status of what came back."""
        ...

    async def mail_unsubscribe(self, mail: Arrived) -> None:
        """The same for the mail address that List-Unsubscribe names."""
        ...
