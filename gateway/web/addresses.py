"""How this site's addresses are spelled: the patterns of routes, and the paths that lead to them."""

from urllib.parse import quote

NAME = r"{name:[A-Za-z0-9_]{1,15}}"
"""An account's name in a route, in any case."""

POST = r"{post:[0-9]{1,18}}"
"""A post's id in a route; no longer than any database can count."""

TAG = r"{tag:[^/.]+}"
"""A tag in a route, without its ``#``; no tag has a dot in it."""


LONGEST_SEARCH = 140
"""Characters that can be searched for at once."""


def tag_path(tag: str) -> str:
    """The path of a tag's page."""
    return f"/tags/{quote(tag, safe='')}"


def before(query: str | None) -> int | None:
    """The ``?before=`` of a page: a post's id; None when it is none."""
    return int(query) if query and query.isascii() and query.isdigit() and len(query) <= 18 else None
