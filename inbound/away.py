"""Subjects that answering machines write, in the languages that mail programs come in.

A machine puts its phrase first: ``Automatic reply: Coffee?``. Whoever answers such a mail has ``Re:`` before it. What
only machines say counts before a dash, too; what people say of themselves must stand before a colon or a bracket, or be
all of the subject and more than one word.
"""

import re
from typing import NamedTuple


class Phrases(NamedTuple):
    """``machine``: that an answer is automatic. ``absence``: that somebody is not there."""

    machine: tuple[str, ...]
    absence: tuple[str, ...]


LANGUAGES = {
    "English": Phrases(
        ("automatic reply", "automatic response", "automatic e-mail reply", "automated reply", "automated response",
         "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "autoresponder",
         "auto responder", "vacation reply", "vacation response", "out of office autoreply",
         "out of office auto-reply", "out of office reply", "out of office message", "out of office notification"),
        ("out of office", "out of the office", "i am out of office", "i am out of the office", "i'm out of the office",
         "ooo", "away from the office", "away from my desk", "away from my mail", "away from my email"),
    ),
    "German": Phrases(
        ("automatische antwort", "automatische e-mail-antwort", "autoantwort", "abwesenheitsnotiz",
         "automatische abwesenheitsnotiz", "abwesenheitsnachricht", "abwesenheitsmeldung", "abwesenheitsassistent",
         "abwesenheitsbenachrichtigung", "urlaubsnotiz", "automatische benachrichtigung"),
        ("abwesenheit", "abwesend", "nicht im büro", "nicht im hause", "außer haus"),
    ),
    "French": Phrases(
        ("réponse automatique", "reponse automatique", "message automatique", "message d'absence",
         "notification d'absence", "avis d'absence", "réponse d'absence", "réponse automatique d'absence"),
        ("absence du bureau", "absent du bureau", "absente du bureau", "en dehors du bureau", "absence"),
    ),
    "Spanish": Phrases(
        ("respuesta automática", "respuesta automatica", "autorrespuesta", "mensaje automático", "mensaje de ausencia",
         "aviso de ausencia", "notificación de ausencia"),
        ("fuera de la oficina", "fuera de oficina", "ausente de la oficina", "estoy fuera de la oficina"),
    ),
    "Portuguese": Phrases(
        ("resposta automática", "resposta automatica", "mensagem automática", "aviso de ausência",
         "mensagem de ausência", "resposta automática de ausência"),
        ("fora do escritório", "fora do escritorio", "fora da empresa", "ausência temporária", "ausente do escritório",
         "ausência do escritório"),
    ),
    "Italian": Phrases(
        ("risposta automatica", "risponditore automatico", "messaggio automatico", "messaggio di assenza",
         "avviso di assenza", "risposta automatica fuori sede"),
        ("fuori sede", "fuori ufficio", "assente dall'ufficio", "assenza dall'ufficio"),
    ),
    "Dutch": Phrases(
        ("automatisch antwoord", "automatische reactie", "automatisch bericht", "automatische beantwoording",
         "afwezigheidsbericht", "afwezigheidsmelding", "afwezigheidsassistent"),
        ("afwezig", "afwezigheid", "niet aanwezig", "niet op kantoor", "buiten kantoor"),
    ),
    "Swedish": Phrases(
        ("automatiskt svar", "autosvar", "frånvaromeddelande", "automatiskt frånvaromeddelande"),
        ("frånvaro", "frånvarande", "ej på kontoret", "inte på kontoret"),
    ),
    "Danish and Norwegian": Phrases(
        ("automatisk svar", "fraværsmeddelelse", "fraværsmelding", "fraværsassistent"),
        ("ikke til stede", "ikke på kontoret", "fravær"),
    ),
    "Finnish": Phrases(("automaattinen vastaus", "poissaoloviesti"), ("poissa", "poissa toimistosta")),
    "Polish": Phrases(
        ("automatyczna odpowiedź", "automatyczna odpowiedz", "odpowiedź automatyczna", "autoodpowiedź",
         "autoodpowiedz"),
        ("nieobecność", "nieobecność w biurze", "poza biurem", "nieobecny w biurze", "nieobecna w biurze"),
    ),
    "Czech": Phrases(("automatická odpověď", "automaticka odpoved"), ("mimo kancelář", "nepřítomnost")),
    "Hungarian": Phrases(("automatikus válasz",), ("házon kívül", "nem vagyok az irodában")),
    "Russian": Phrases(
        ("автоматический ответ", "автоответ", "автоответчик", "автоматическое уведомление"),
        ("вне офиса", "нет на работе", "нет на рабочем месте", "отсутствие", "отсутствую",
         "отсутствую на рабочем месте", "отсутствую в офисе", "в отпуске"),
    ),
    "Ukrainian": Phrases(("автоматична відповідь", "автовідповідь"), ("поза офісом",)),
    "Greek": Phrases(("αυτόματη απάντηση",), ("εκτός γραφείου",)),
    "Turkish": Phrases(("otomatik yanıt", "otomatik yanit", "otomatik cevap"), ("ofis dışında", "ofis dışındayım")),
    "Hebrew": Phrases(("תשובה אוטומטית", "מענה אוטומטי"), ("מחוץ למשרד",)),
    "Arabic": Phrases(("رد تلقائي",), ("خارج المكتب",)),
    "Chinese": Phrases(
        ("自动答复", "自动回复", "自動答覆", "自動回覆", "自動回復", "自動回信", "外出自动回复", "休假自动回复",
         "不在办公室", "不在辦公室"),
        ("外出通知", "休假通知"),
    ),
    "Japanese": Phrases(
        ("自動応答", "自動返信", "自動返信メール", "自動回答", "不在通知", "不在自動応答"),
        ("不在", "不在連絡", "不在のお知らせ", "不在のご連絡", "休暇のお知らせ", "休暇連絡", "休暇通知"),
    ),
    "Korean": Phrases(("자동 회신", "자동회신", "자동 응답", "자동응답"), ("부재중", "부재 중")),
}  # fmt: skip
"""By language, in lower case."""

_MACHINE = frozenset(phrase.casefold() for each in LANGUAGES.values() for phrase in each.machine)
_ABSENCE = frozenset(phrase.casefold() for each in LANGUAGES.values() for phrase in each.absence)
_END = re.compile(r"\s*([:：(（\[\]】|]|\s[-–—]\s|$)")
_AFTER_ABSENCE = frozenset(":：(（]】")
_OPENING = " \t[【(（"
_NOTES = re.compile(
    r"auto: .{2,80} \((?:returning|rückkehr|retour|regreso|regressa|rientro|retorno|terug)\b", re.IGNORECASE
)
"""``AUTO: Bob is out of the office (returning 11/30)``, as Notes writes it."""


def says_away(subject: str) -> bool:
    """Whether an answering machine wrote this subject (one line, decoded)."""
    subject = subject.lstrip(_OPENING)
    end = _END.search(subject)
    assert end is not None
    phrase = subject[: end.start()].casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").rstrip(".!")
    if phrase in _MACHINE:
        return True
    if phrase in _ABSENCE:
        return " " in phrase if not end[1] else end[1] in _AFTER_ABSENCE
    return phrase == "auto" and _NOTES.match(subject) is not None
