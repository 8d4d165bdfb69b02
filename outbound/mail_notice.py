"""Words of our own as a mail: an answer, on the thread of the mail that it answers; a request, news, a code."""

import re

from gateway.domain import mail_words
from gateway.domain.types import NoticeKind, Outgoing
from gateway.service.site import Site
from outbound import mail_page as page
from outbound.mail_form import (
    ALTERNATIVE,
    HTML_PART,
    LAST,
    ONE_CLICK,
    PLAIN_PART,
    addressing,
    list_id,
    list_unsubscribe,
    marks,
    one_line,
    opening,
    printable,
    reply_address,
    sender,
    stop_token,
    words,
)

_LONGEST_SUBJECT = 200
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,250}>")
_NOT_A_LIST = frozenset({NoticeKind.ANSWER, NoticeKind.PROOF})


def render_notice(delivery: Outgoing, site: Site) -> bytes:
    """The whole mail. What nobody asked for a moment before can be stopped; nobody can stop an answer or a code."""
    answered = _MESSAGE_ID.fullmatch(delivery.in_reply_to.strip())
    can_stop = delivery.account_id is not None and not answered and delivery.notice not in _NOT_A_LIST
    stop = stop_token(delivery, site) if can_stop else ""
    headers = (
        addressing(delivery, site)
        + sender(site.name, site.mail_domain)
        + f"Subject: {words(_subject(delivery, site, answers=bool(answered)))}\r\n"
        + (f"In-Reply-To: {answered[0]}\r\nReferences: {answered[0]}\r\n" if answered else "")
        + (f"Reply-To: <{reply_address(delivery, site)}>\r\n" if delivery.account_id is not None else "")
        + (_as_list(delivery, stop, site) if stop else "")
        + f"Auto-Submitted: {'auto-replied' if answered else 'auto-generated'}\r\n"
        f"{marks(site.mail_domain)}{ALTERNATIVE}"
    )
    hint = mail_words.notice_hint(delivery.notice, site.public_url)
    why = mail_words.notice_why(site.name)
    said = mail_words.notice_text(delivery)
    plain = said.rstrip("\n") + (f"\n\n{hint}" if hint else "")
    html = page.paragraphs(said, site.public_url) + page.paragraphs(hint, site.public_url)
    if stop:
        how = mail_words.stop(everything=True)
        plain += f"\n\n-- \n{why}\n{how}: {site.public_url}/unsubscribe/{stop}"
        html += page.closing(why) + stop.join(page.stop_link(site.public_url, how)) + page.END
    else:
        html += page.END_WITHOUT_REASON
    return b"".join(
        (
            headers.encode("utf-8", "replace"),
            PLAIN_PART,
            printable(f"{plain}\n"),
            HTML_PART + opening(site.name),
            printable(html),
            LAST,
        )
    )


def _subject(delivery: Outgoing, site: Site, *, answers: bool) -> str:
    subject = one_line(mail_words.notice_subject(delivery, site.name))[:_LONGEST_SUBJECT] or one_line(site.name)
    return f"Re: {subject}" if answers and not subject.lower().startswith("re:") else subject


def _as_list(delivery: Outgoing, stop: str, site: Site) -> str:
    kind = delivery.notice or NoticeKind.NOTICE
    local = "requests" if kind is NoticeKind.REQUEST else "news"
    return (
        list_id(mail_words.notices_of(kind, site.name), local, site.mail_domain)
        + list_unsubscribe(stop, site)
        + f"{ONE_CLICK}Feedback-ID: {kind}:ours:birdwire\r\n"
    )
