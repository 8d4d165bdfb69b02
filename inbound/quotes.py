"""A person's own words in a mail's text: without what they quoted, forwarded from above, or signed with.

The rule behind every choice here: rather a line too much than one of the person's own lost. A line that introduces a
quote is recognised by ``mail-parser-reply`` in its languages, but only ever shown a few short lines, and believed
only if a quote follows or the line names a date and a time or an address. Inline answers between quoted lines stay.
"""

import re
from itertools import islice, pairwise

from mailparser_reply.constants import MAIL_LANGUAGES  # type: ignore[import-untyped]  # the package has no types
from mailparser_reply.parser import EmailMessage  # type: ignore[import-untyped]  # the package has no types

_LONGEST_INTRODUCTION = 400
_LONGEST_SIGNATURE = 16
_MAY_BREAK = 50
_MUST_BREAK = 100
_INTRODUCTION = EmailMessage(text="", languages=sorted(MAIL_LANGUAGES)).HEADER_REGEX
_OPENER = re.compile(
    r"(?:\*?(?:On|Am|Le|El|Em|Il|Op|Den|Dne|På|W dniu|Il giorno|Vào|Pe|Mnamo|De)\b|\d{1,4}[./-]|20\d\d年|\w+day,|"
    r"[^:]{1,80}<[^<>\s]+@[^<>\s]+>)",
    re.IGNORECASE,
)
_WHEN_OR_WHO = re.compile(r"\d{1,2}[:.h]\d{2}|[^\s<]+@[^\s>]+|\b(?:19|20)\d\d\b")
_WROTE = re.compile(
    r"\b(wrote|writes|schrieb|geschrieben|écrit|escribió|escreveu|scritto|schreef|skrev|napisał\w*|napsal\w*|kirjoitti|yazdı|пишет|написал\w*)\b",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(
    r"^[-_*=\s]{2,}(?:original[- ]?(?:message|nachricht)|ursprüngliche nachricht|urspr\. nachricht|message d.origine"
    r"|message original|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht"
    r"|forwarded message|weitergeleitete nachricht|message transféré|mensaje reenviado)\b.*$"
    r"|^(?:begin forwarded message|anfang der weitergeleiteten nachricht|début du message réexpédié"
    r"|inicio del mensaje reenviado)\s*:?$",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"^\*?(?:from|sent|to|cc|subject|date|reply-to|importance|von|gesendet|an|betreff|datum|de|envoyé|à|objet|date"
    r"|enviado(?: el)?|para|asunto|fecha|da|inviato|a|oggetto|data|van|verzonden|aan|onderwerp)\s?:\*?(?:\s|$)",
    re.IGNORECASE,
)
_FIRST_HEADER = re.compile(r"^\*?(?:from|von|de|da|van)\s?:\*?\s", re.IGNORECASE)
_SENT_FROM = re.compile(
    r"^(?:sent (?:from|via|with) (?:my |the )?\w.{0,60}|get outlook for \w.{0,40}|von meinem \w.{0,40} gesendet\.?"
    r"|(?:diese nachricht wurde )?(?:gesendet (?:von|mit)|von \w.{0,20} gesendet) ?\w?.{0,60}"
    r"|diese nachricht wurde von \w.{0,80} gesendet\.?|envoyé (?:de|depuis|avec|à partir de) \w.{0,60}"
    r"|télécharge[rz] outlook pour .{0,40}|enviado (?:desde|de|do) \w.{0,60}|obtener outlook para .{0,40}"
    r"|outlook für \w.{0,30} (?:beziehen|herunterladen)\w*|inviato da \w.{0,60}|verzonden vanaf \w.{0,60}"
    r"|please excuse my brevity\.?|bitte entschuldigen sie (?:die|meine) kürze\.?|virus-free\.? ?www\..{0,40})"
    r"(?: please excuse my brevity\.?)?(?:\s*<https?://\S+>)?$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^(?:best|best regards|kind regards|warm regards|regards|best wishes|many thanks|thanks|thank you|cheers|sincerely"
    r"|yours(?: sincerely| truly)?|all the best|mit freundlichen grüßen|mit freundlichen grüssen|freundliche grüße"
    r"|viele grüße|liebe grüße|beste grüße|schöne grüße|lg|mfg|vg|gruß|grüße|cordialement|bien cordialement|bien à vous"
    r"|amicalement|bonne journée|salutations|saludos|un saludo|saludos cordiales|un abrazo|atentamente|gracias|merci"
    r"|danke|cordiali saluti|met vriendelijke groet(?:en)?|groetjes|groeten|br|kr)[,.!]?$",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"^\W*(?:disclaimer|confidentiality(?: notice)?|confidential(?: notice)?|legal notice|important notice)\b\s*[:\-]"
    r"|^\W*th(?:is|e) (?:e-?mail|message|communication|information (?:contained )?in this)\b"
    r".{0,120}\b(?:confidential|privileged|intended)"
    r"|^\W*(?:please consider the environment|this e-?mail (?:has been|was) (?:checked|scanned)|virus-free|avast)\b"
    r"|^\W*(?:diese|der inhalt dieser) (?:e-?mail|nachricht)\b.{0,120}\b(?:vertraulich|bestimmt)"
    r"|^\W*(?:ce (?:message|courriel)|cet e-?mail)\b.{0,120}\b(?:confidentiel|destiné)"
    r"|^\W*este (?:mensaje|correo)\b.{0,120}\b(?:confidencial|dirigido)"
    r"|^\W*(?:to unsubscribe from this (?:group|list)|you received this message because you are subscribed)\b",
    re.IGNORECASE,
)
_DIVIDER = re.compile(r"^\s*[_\-*=]{5,}\s*$")
_QUOTED = re.compile(r"^ {0,3}>")
_MARKS = re.compile(r"^(?:\s?>)+ ?")


def own_words(text: str, *, answers: bool = False) -> str:
    """The person's own words in ``text``. If all of it is quoted or forwarded: nothing where the mail ``answers``
    another, else what it passes on."""
    lines = text.replace("\xa0", " ").split("\n")
    kept = _without_quotes(lines)
    if not _says_something(kept):
        kept = [] if answers else _passed_on(lines)
    kept = _without_device(kept)
    for off in (_without_footer, _without_signature, _without_device):
        shorter = off(kept)
        kept = shorter if _says_something(shorter) else kept
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in kept).strip("\n")).strip()


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Paragraphs of a ``format=flowed`` text on one line each (RFC 3676)."""
    lines: list[str] = []
    open_at = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:]
        words = words.removeprefix(" ")
        signature = words == "-- "
        flowing = words.endswith(" ") and not signature
        if flowing and delete_space:
            words = words[:-1]
        if open_at == depth and not signature:
            lines[-1] += words
        else:
            lines.append("> " * depth + words)
        open_at = depth if flowing else -1
    return "\n".join(lines)


def looks_wrapped(text: str) -> bool:
    """Whether some line may have been broken by the program rather than by the person."""
    lines = text.split("\n")
    return any(_MAY_BREAK <= len(line) <= _MUST_BREAK and after.strip() for line, after in pairwise(lines))


def unwrap_like(text: str, twin: str) -> str:
    """Join the lines of ``text`` that stand on one line in ``twin``, the same words from the mail's HTML."""
    whole = {" ".join(line.split()) for line in twin.split("\n")}
    model = "\n".join(whole)
    lines: list[str] = []
    last = ""
    for line in text.split("\n"):
        seam = f"{' '.join(last.split()[-3:])} {' '.join(line.split()[:3])}"
        if lines and len(last) >= _MAY_BREAK and line.strip() and not _QUOTED.match(line) and seam in model:
            lines[-1] = f"{lines[-1].rstrip()} {line.lstrip()}"
        else:
            lines.append(line)
        last = line
    return "\n".join(lines)


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _QUOTED.match(line):
            at += 1
            continue
        if _starts_history(lines, at):
            break
        length = _introduction(lines, at)
        if length and not _quote_follows(lines, at + length):
            break
        if length:
            at += length
            continue
        kept.append(line)
        at += 1
    return kept


def _starts_history(lines: list[str], at: int) -> bool:
    """Whether everything from here on is an older mail, as Outlook and forwarding programs put it."""
    line = lines[at].strip()
    if _SEPARATOR.match(line):
        return True
    if _DIVIDER.match(line):
        after = next((a for a in range(at + 1, min(at + 4, len(lines))) if lines[a].strip()), None)
        return (
            after is not None and bool(_FIRST_HEADER.match(lines[after].strip())) and _header_block(lines, after) >= 3
        )
    return bool(_FIRST_HEADER.match(line)) and _header_block(lines, at) >= 3


def _header_block(lines: list[str], at: int) -> int:
    """How many of the next lines look like mail headers."""
    return sum(bool(_HEADER.match(line.strip())) for line in islice(lines, at, at + 8))


def _introduction(lines: list[str], at: int) -> int:
    """How many lines from here introduce a quote ("On Monday … wrote:"), 0 if they don't."""
    if not _OPENER.match(lines[at].lstrip()):
        return 0
    block = ""
    for length in range(1, 5):
        if at + length > len(lines) or not lines[at + length - 1].strip():
            return 0
        block = f"{block} {lines[at + length - 1].strip()}".strip()
        if len(block) > _LONGEST_INTRODUCTION:
            return 0
        if not block.endswith(":"):
            continue
        known = bool(_INTRODUCTION.search(block)) or bool(_WROTE.search(block))
        dated = bool(_WHEN_OR_WHO.search(block))
        if (known and dated) or ((known or dated) and _quote_follows(lines, at + length)):
            return length
    return 0


def _quote_follows(lines: list[str], at: int) -> bool:
    return next((bool(_QUOTED.match(line)) for line in lines[at : at + 3] if line.strip()), False)


def _passed_on(lines: list[str]) -> list[str]:
    """What a mail without own words passes on: no quote marks, no header block, no line that introduces it."""
    kept: list[str] = []
    for at, line in enumerate(lines):
        words = _MARKS.sub("", line)
        passed = _SEPARATOR.match(words.strip()) or _HEADER.match(words.strip()) or _DIVIDER.match(words)
        if kept or not (passed or _introduction(lines, at) or not words.strip()):
            kept.append(words)
    return kept


def _without_signature(lines: list[str]) -> list[str]:
    """Up to ``-- ``, or up to a closing phrase with a name under it."""
    if "-- " in lines[1:]:
        return lines[: lines.index("-- ", 1)]
    for at in range(max(0, len(lines) - _LONGEST_SIGNATURE), len(lines)):
        line = lines[at].strip()
        rest = [later.strip() for later in lines[at + 1 :] if later.strip()]
        if line in {"--", "—"} and len(rest) <= 8:
            return lines[:at]
        if _CLOSING.match(line) and len(rest) <= 6 and all(len(later) <= 50 for later in rest):
            return lines[:at]
    return lines


def _without_device(lines: list[str]) -> list[str]:
    """Without the advertising lines that phones and apps put last."""
    kept = list(lines)
    while kept and (not kept[-1].strip() or _SENT_FROM.match(kept[-1].strip())):
        kept.pop()
    return kept


def _without_footer(lines: list[str]) -> list[str]:
    """Up to the paragraph in which a company's lawyers or a virus scanner speak."""
    for at, line in enumerate(lines):
        if _FOOTER.match(f"{line.strip()} {lines[at + 1].strip() if at + 1 < len(lines) else ''}"):
            above = lines[:at]
            while above and (_DIVIDER.match(above[-1]) or not above[-1].strip()):
                above.pop()
            return above
    return lines


def _says_something(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)
