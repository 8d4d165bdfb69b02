"""Whether a message asks for no more texts, in whatever words people use for that.

STOP and its family are commands like others (``gateway.domain.command``). But nobody must know commands to be left
alone: a request in plain words counts as much (47 CFR 64.1200(a)(10): "any reasonable means"), and so does the word
for STOP in another language. The whole message must be such a request, politeness and punctuation aside: what only
holds one ("stop texting me and come over") is a post, as is whatever follows POST.
"""

import re
import unicodedata

LONGEST = 100
"""Characters of a message that may be such a request."""

WORDS = (
    *("stopp", "stoppen", "abmelden", "abbestellen", "keine sms mehr", "bitte keine sms mehr"),  # German
    *("arret", "arrêt", "arrêter", "arrêtez", "désabonner", "désabonnement", "se désabonner"),  # French
    *("alto", "detener", "cancelar", "baja", "dar de baja", "darme de baja", "no más mensajes"),  # Spanish
    *("parar", "pare", "cancelar inscrição", "descadastrar"),  # Portuguese
    *("disiscrivi", "disiscrivimi", "annulla iscrizione", "basta sms"),  # Italian
    *("afmelden", "uitschrijven"),  # Dutch
    *("stoppa", "avregistrera", "avsluta", "afmeld", "avmeld", "lopeta"),  # Swedish, Danish, Norwegian, Finnish
    *("wypisz", "wypisz mnie", "odhlásit", "odhlásiť"),  # Polish, Czech, Slovak
    *("стоп", "отписаться", "отпишите меня", "отписка", "відписатися"),  # Russian, Ukrainian
    *("στοπ", "διαγραφή", "iptal", "توقف", "إلغاء الاشتراك", "הסר", "הסרה"),  # Greek, Turkish, Arabic, Hebrew
    *(
        "停止",
        "配信停止",
        "退订",
        "退訂",
        "取消订阅",
        "取消訂閱",
        "수신거부",
        "रोकें",
    ),  # Japanese, Chinese, Korean
)
"""The words for it in other languages, each of them alone."""

_ME = r"(?:me|us|this (?:number|phone)|my (?:number|phone|cell|mobile))"
_TEXTS = r"(?:(?:text|sms) )?(?:texts|messages|msgs|sms)"
_NEWS = r"(?:(?:text|sms) )?(?:texts?|messages?|msgs|sms|alerts|notifications|updates)"
_WHICH = r"(?:(?:all|any|this|these|those|the|your|my|more|further|such) ){0,3}"
_LIST = r"(?:(?:text|texting|sms|mailing|contact) )?(?:list|lists|service|system|group|program|programme|database)"
_FROM = rf"(?: (?:from|off|of) {_WHICH}(?:{_LIST}|{_NEWS}|it|this|here))?"
_PLEASE = "(?:please|pls|plz|kindly)"
_LEAD = (
    rf"(?:(?:{_PLEASE}|hi|hello|hey|ok|okay|sorry|just|and|now) ){{0,3}}"
    rf"(?:(?:i want|i wish|i need|i would like|id like) (?:you )?to |(?:can|could|will|would) you (?:{_PLEASE} )?)?"
)
_TAIL = rf"(?: (?:{_PLEASE}|now|again|anymore|any more|immediately|at once|asap|thanks|thank you|ok)){{0,3}}"
_AGAIN = r" (?:again|ever again|anymore|any more)"
_FORMS = (
    rf"(?:{_PLEASE} )?stop(?: (?:{_PLEASE}|now|all|stop|immediately|at once|asap|thanks|thank you)){{0,3}}",
    rf"{_PLEASE} (?:do not|dont) (?:text|message|sms|contact) {_ME}{_TAIL}",
    rf"(?:do not|dont|never) (?:text|message|sms|contact) {_ME}{_AGAIN}{_TAIL}",
    *(
        _LEAD + core + _TAIL
        for core in (
            rf"(?:stop|quit) (?:texting|messaging)(?: {_ME})?",
            rf"(?:stop|quit) (?:contacting|spamming|notifying|smsing) {_ME}",
            rf"(?:stop|quit) (?:sending|getting|receiving) (?:{_ME} )?{_WHICH}{_NEWS}(?: to {_ME})?",
            rf"(?:do not|dont) send (?:{_ME} )?{_WHICH}{_TEXTS}(?: to {_ME})?",
            rf"stop {_WHICH}{_NEWS}(?: to {_ME})?",
            rf"(?:cancel|end) {_WHICH}(?:{_TEXTS}|subscription)",
            rf"no more {_TEXTS}(?: to {_ME})?",
            rf"(?:i )?(?:do not want|dont want|no longer want|no longer wish)(?: to (?:get|receive|have))?"
            rf" {_WHICH}{_TEXTS}(?: from (?:you|here|this number))?",
            rf"unsub(?:scribe)?(?: {_ME}| all)?{_FROM}",
            rf"(?:opt {_ME} out|opt out|remove {_ME}){_FROM}",
            rf"(?:take|get|delete) {_ME} (?:off|from) {_WHICH}(?:{_LIST}|{_NEWS})",
            r"(?:i )?(?:hereby )?(?:revoke|withdraw) (?:my )?consent",
        )
    ),
)
_REQUEST = re.compile("|".join(f"(?:{form})" for form in _FORMS))
_FIRST = frozenset(
    (
        *("please", "pls", "plz", "kindly", "hi", "hello", "hey", "ok", "okay", "sorry", "just", "and", "now"),
        *("i", "id", "can", "could", "will", "would", "stop", "quit", "do", "dont", "never", "cancel", "end", "no"),
        *("unsubscribe", "unsub", "opt", "remove", "take", "get", "delete", "hereby", "revoke", "withdraw"),
    )
)
"""What a request can begin with: most messages are none, and are told by their first word."""

_ASKING = re.compile(rf"(?:{_PLEASE} )?(?:can|could|will|would) you ")

_APOSTROPHES = str.maketrans("", "", "'’ʼ‘`´")
_BETWEEN = re.compile(r"[\s,.;:!\"“”„«»()\[\]*_~\-–—…]+")


def is_request(text: str) -> bool:
    """Whether the whole of ``text`` asks for no more texts. Takes any string; linear in its length."""
    if len(text) > LONGEST:
        return False
    words = _plain(text)
    if words in _ALONE:
        return True
    if words.partition(" ")[0] not in _FIRST:
        return False
    if words.endswith("?"):
        words = words.rstrip("? ")
        if not _ASKING.match(words):
            return False
    return _REQUEST.fullmatch(words) is not None


def may_be(text: str) -> bool:
    """A quick look at a message's first word: False only if it is certainly neither STOP, nor one of its like, nor a
    request, nor one of these behind a PIN. For those who must know before they read the message."""
    if len(text) > LONGEST:
        return False
    first = _WORD.search(text)
    return not text.isascii() or (first is not None and first[0].lower() in _BEGINNINGS)


def _plain(text: str) -> str:
    """Words in small letters with one space between, without accents, apostrophes, punctuation and pictures. Marks
    that say what a word is (``@ # / &``, digits) stay, so that no request hides in an address or a tag."""
    if text.isascii():
        text = text.casefold()
    else:
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
        text = "".join(c for c in text if unicodedata.category(c) not in _SILENT)
    return _BETWEEN.sub(" ", text.translate(_APOSTROPHES)).strip()


_SILENT = frozenset({"Mn", "Cf", "So", "Sk"})
"""Accents, what cannot be seen, pictures and their shades."""

_ALONE = frozenset(map(_plain, WORDS))

_WORD = re.compile("[A-Za-z]+")
_BEGINNINGS = (
    _FIRST | {"pin", "stopall", "optout", "don"} | {found[0] for word in _ALONE if (found := _WORD.match(word))}
)
