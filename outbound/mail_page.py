"""The HTML part of every mail: one calm page without tables, pictures or anything from elsewhere.

It takes the colours of whoever reads it: nothing has a background, text has the reader's own colour, and links and
small print have one for light and one for dark. Where a program throws the styles away, what is left is plain and reads
well. It is as wide as the screen, and no wider than a line should be.
"""

from html import escape

from gateway.domain import mail_words
from gateway.domain.speech import say
from gateway.domain.types import Thread
from outbound.linking import linked

_STYLE = """\
:root{color-scheme:light dark}
a{color:#17657f;text-decoration:none}
p{margin:0 0 8px}
hr{margin:24px 0 12px;border:0;border-top:1px solid #8b949c}
.who{font-weight:600}
.words{margin:0 0 12px;font-size:19px;line-height:27px;overflow-wrap:anywhere}
.small{font-size:14px;line-height:20px;color:#656d75}
.small a{color:inherit;text-decoration:underline;white-space:nowrap}
.before{margin:0 0 12px;padding:0 0 0 12px;border-left:2px solid #8b949c;overflow-wrap:anywhere}
.post{margin:0 0 24px}
.next{margin:0 0 24px;padding:0 0 0 14px;border-left:2px solid #8b949c}
@media (prefers-color-scheme:dark){a{color:#7cc4e0}.small{color:#9ba4ac}}
"""


def opening(title: str, language: str) -> str:
    """The page up to what it is about."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n'
        '<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n"
        '<body style="margin:0;padding:24px 16px;font-family:system-ui,-apple-system,Segoe UI,Roboto,sans-serif;'
        'font-size:16px;line-height:24px">\n'
        '<div style="max-width:520px;margin:0 auto">\n'
    )


def who(public_url: str, author: str, original_author: str) -> str:
    """Who wrote a post, and whose it is that they passed on, each a link to their page."""
    if original_author:
        names = {"author": _profile(public_url, author), "original": _profile(public_url, original_author)}
        return say("{author} reposted {original}", **names)
    return _profile(public_url, author)


def words(text: str, public_url: str) -> str:
    """A post's words, their names, tags and addresses as links."""
    return f'<p dir="auto" class="words">{linked(text, public_url)}</p>\n'


def bare_words(text: str) -> str:
    """The same without links."""
    said = escape(text).replace("\n", "<br>\n")
    return f'<p dir="auto" class="words">{said}</p>\n'


def answered(thread: Thread, public_url: str, *, direct: bool = False) -> str:
    """What an answer answers, small, and with no links in its words: it is not what is new. Its author's name leads to
    it where it has a page, as all have but those that are ``direct``."""
    if not thread.text:
        return ""
    said, author = escape(thread.text).replace("\n", "<br>\n"), escape(thread.author)
    if not direct:
        author = f'<a href="{escape(public_url)}/@{author}/{thread.post_id}">{author}</a>'
    return f'<blockquote dir="auto" class="small before">{author}: {said}</blockquote>\n'


def paragraphs(text: str, public_url: str) -> str:
    """Words of our own, a paragraph for each that an empty line ends."""
    pieces = [piece for piece in text.strip().split("\n\n") if piece.strip()]
    return "".join(f'<p style="overflow-wrap:anywhere">{linked(piece, public_url)}</p>\n' for piece in pieces)


def open_link(page: str) -> str:
    """The link to a post's page."""
    return f'<a href="{escape(page)}">{escape(mail_words.open_post())}</a>'


def closing(why: str) -> str:
    """Below the line: why the mail came."""
    return f'<hr>\n<p class="small">{escape(why)}'


def stop_link(public_url: str, words: str) -> tuple[str, str]:
    """The link that stops mails, before its token and after it."""
    return f'\n<a href="{escape(public_url)}/unsubscribe/', f'">{escape(words)}</a>'


END = "</p>\n</div>\n</body>\n</html>\n"
"""After :func:`closing` and what follows it."""

END_WITHOUT_REASON = "</div>\n</body>\n</html>\n"


def _profile(public_url: str, name: str) -> str:
    return f'<a href="{escape(public_url)}/@{escape(name)}">{escape(name)}</a>'
