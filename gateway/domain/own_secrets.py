"""Secret addresses and links of ours within somebody's words, which nobody is to read who does not have them already.

A mail of ours has several: where it is answered, what stops it, what logs somebody in. Whoever forwards it, answers it
with a program that marks no quotes, or copies the address of their feed into a post does not mean to publish them: who
knows ``reply+TOKEN@`` writes in the name of whom it was given to, and a feed shows what protected people write.

Links are known without their scheme, too, which people and programs leave away, and within other links, as filters
write them that have each click go by themselves (``...?url=https%3A%2F%2Fbirds.example%2Flogin%2FTOKEN``).
"""

import re
from functools import lru_cache

_START = r"(?:(?<![\w.-])|(?<=%[0-9a-f]{2}))"
_AT, _PLUS, _SLASH, _COLON = "(?:@|%40)", r"(?:\+|%2b)", "(?:/|%2f)", "(?::|%3a)"
_PREFIXES = "post|reply|bounce|unsubscribe"
_PATHS = f"unsubscribe|feeds|login|signup|settings{_SLASH}mailbox"
_KEPT_BACK = r"\1…"


def without_own_secrets(text: str, mail_domain: str, public_url: str) -> str:
    """``text``, with an ellipsis for what is secret in an address at ``mail_domain`` or in a link below
    ``public_url``."""
    if "+" not in text and "/" not in text and "%" not in text:
        return text
    addresses, links = _patterns(mail_domain, public_url)
    return links.sub(_KEPT_BACK, addresses.sub(_KEPT_BACK, text))


@lru_cache(maxsize=8)
def _patterns(mail_domain: str, public_url: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    domain = re.escape(mail_domain)
    site = re.escape(public_url.partition("://")[2]).replace(":", _COLON).replace("/", _SLASH)
    return (
        re.compile(rf"({_START}(?:{_PREFIXES}){_PLUS})[a-z0-9]{{27,60}}(?={_AT}{domain}\b)", re.IGNORECASE),
        re.compile(rf"({_START}{site}{_SLASH}(?:{_PATHS}){_SLASH})[\w-]{{16,}}", re.IGNORECASE),
    )
