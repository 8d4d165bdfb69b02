"""A mail as a person's words, and all else that its sender should hear of.

Which parts hold them is ``inbound.bodies``' to say, what of them was quoted or signed with ``inbound.quotes``'. Nothing
here raises for any mail, and nothing takes long.
"""

import re
from dataclasses import dataclass, field

from inbound.bodies import adds_nothing, forwarded, words_in
from inbound.charsets import clean, decode
from inbound.headers import header, parameter
from inbound.mime_parts import MAX_PARTS, Part, parts_of
from inbound.quotes import is_answer, is_signature, own_words
from inbound.sealed import is_sealed
from inbound.texts import MAX_TEXT

__all__ = ["MAX_CUT", "MAX_PARTS", "MAX_TEXT", "Letter", "decode", "header", "parameter", "parts_of", "read"]

MAX_CUT = 10_000
"""Characters that are kept of what was cut off."""

_LONGEST_SUBJECT = 2_000
_SHORTEST_SIGNED = 3  # ends of lines
_BEFORE_ADDRESS = re.compile(r"[<(]| via ")  # "Bob via Birds": a list writes itself into From
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,240}>")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person wrote.

    ``dropped``  how many attachments were left behind.
    ``cut``      what was taken for a quote, a signature or a footer.
    ``sealed``   it is encrypted, so there is nothing to read.
    ``mails``    mails that were passed on as attachments without a word: ``text`` is of one of them, or its subject.
    """

    text: str
    subject: str
    message_id: str
    dropped: int
    cut: str = ""
    sealed: bool = False
    mails: tuple[Part, ...] = field(default=(), compare=False, repr=False)


def read(mail: Part) -> Letter:
    """The words, subject and Message-ID of a parsed mail. The subject stands in for a text that is empty, or nothing
    but a signature that a program put there; unless it is that of the mail that is answered."""
    subject = header(mail, "subject")
    found = words_in(mail)
    named = _ID.search(mail.get("message-id", ""))
    message_id = named.group() if named else ""
    answers = is_answer(subject)
    mails = () if answers else tuple(each for each in found.mails if adds_nothing(subject, each))
    whole = forwarded(found, subject) if mails else None
    found = whole or found
    texts = "\n\n".join(text for text in found.texts if text.strip())[:MAX_TEXT]
    name = _BEFORE_ADDRESS.split(header(mail, "from"), maxsplit=1)[0] if texts.count("\n") >= _SHORTEST_SIGNED else ""
    goes_on = answers or ("in-reply-to" in mail and whole is None)
    words = own_words(texts, answers=goes_on, name="" if "@" in name else name)
    if found.sealed or is_sealed(words.own):
        return Letter("", subject, message_id, found.dropped, sealed=True)
    text, cut = clean(words.own), words.cut
    if subject and not answers and is_signature(text):
        text, cut = "", f"{text}\n\n{cut}".strip()
    if text and whole is None:
        mails = ()
    if not text and not answers:
        text = header(mail, "subject", _LONGEST_SUBJECT)
    return Letter(text, subject, message_id, found.dropped, clean(cut[:MAX_CUT]), mails=mails)
