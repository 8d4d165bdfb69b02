"""Secret addresses and links of ours within somebody's words, which nobody is to read who does not have them already.

A mail of ours has several: where it is answered, what stops it, what logs somebody in. Whoever forwards it, or answers
it with a program that marks no quotes, does not mean to publish them: who knows ``reply+TOKEN@`` writes in the name of
whom it was given to.
"""

import re
from functools import lru_cache

_ADDRESS = r"\b(post|reply|bounce|unsubscribe)\+[a-z0-9]{{27,60}}@(?={domain}\b)"
_LINK = r"(?<={url}/)(unsubscribe|feeds|login|signup|settings/mailbox)/[\w-]{{16,}}"
_KEPT_BACK = "…"


def without_own_secrets(text: str, mail_domain: str, public_url: str) -> str:
    """``text``, with an ellipsis for what is secret in an address at ``mail_domain`` or in a link below
    ``public_url``."""
    if "+" not in text and "/" not in text:
        return text
    addresses, links = _patterns(mail_domain, public_url)
    return links.sub(rf"\1/{_KEPT_BACK}", addresses.sub(rf"\1+{_KEPT_BACK}@", text))


@lru_cache(maxsize=8)
def _patterns(mail_domain: str, public_url: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return (
        re.compile(_ADDRESS.format(domain=re.escape(mail_domain)), re.IGNORECASE),
        re.compile(_LINK.format(url=re.escape(public_url)), re.IGNORECASE),
    )
