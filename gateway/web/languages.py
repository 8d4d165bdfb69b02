"""Which language a page is in: the one its reader has chosen, else what their browser asks for, else the site's."""

from gateway.domain.speech import Language, Languages


def best(languages: Languages, chosen: str | None, accepted: str) -> Language:
    """The language that somebody chose, or the best one that ``Accept-Language`` names (RFC 9110 12.5.4)."""
    if chosen in languages.by_code:
        return languages.of(chosen)
    for code in _preferred(accepted):
        for candidate in (code, code.partition("-")[0]):
            if candidate in languages.by_code:
                return languages.of(candidate)
    return languages.default


def _preferred(accepted: str) -> list[str]:
    """The languages that a browser asks for, the best first."""
    found: list[tuple[float, str]] = []
    for part in accepted.split(",")[:20]:
        code, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.partition("=")[2] or 1)
        except ValueError:
            weight = 0
        if code and code != "*" and weight > 0:
            found.append((-weight, code.strip().lower()))
    return [code for _, code in sorted(found, key=lambda each: each[0])]
