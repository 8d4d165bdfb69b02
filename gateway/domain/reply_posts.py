"""Answers to what was written: posts, direct messages, answers, reposts, and taking words back."""

from gateway.domain.reply_form import counted, cut
from gateway.domain.sms_text import is_gsm


def empty() -> str:
    return "That was empty: nothing was posted. Text HELP to see what you can do."


def only_quoted() -> str:
    """All that a mail said was cut off as a quote or a signature."""
    return "There was nothing but a quote or a signature in that, so nothing was posted. Please write above the quote."


def sealed() -> str:
    return "Your mail is encrypted and cannot be read here, so nothing was posted. Please send it unencrypted."


def only_attachments(count: int) -> str:
    return f"{_attachments(count)} left out and no words remained, so nothing was posted."


def with_attachments(count: int, answer: str) -> str:
    """``answer`` after a word about what was left behind."""
    return f"{_attachments(count)} left out, as only text is taken. {answer}".rstrip()


def parts_missing(came: int, total: int) -> str:
    return f"Only {came} of the {total} parts of your text arrived, so nothing was done. Please send it again."


def posted() -> str:
    return "Posted."


def posted_cut(link: str) -> str:
    return f"Posted, but over 140 characters: others get the beginning and a link to the whole. {link}"


def posted_split(count: int) -> str:
    return f"Posted in {count} parts, as it has over 140 characters."


def too_long(over: int) -> str:
    return f"That is {counted(over, 'character')} over 140. Nothing was posted."


def with_text(answer: str, text: str) -> str:
    """A refusal that gives the text back."""
    return f"{answer} Your text: {text}"


def duplicate() -> str:
    return "You posted the same words a moment ago. They are posted once."


def too_many_posts(limit: int) -> str:
    return f"More than {limit} posts in an hour are too many. Nothing was posted. Please wait a little."


def or_post(answer: str, minutes: int) -> str:
    """``answer`` to a command that failed, where the words may have been meant as a post."""
    return f"{answer} Reply Y within {minutes} minutes to post it as written."


def nothing_offered() -> str:
    return "There is nothing to say Y to any more. Nothing was posted."


def direct_sent(name: str, parts: int = 1, *, reached: bool = True) -> str:
    """``reached``: it goes to a phone or mailbox of theirs."""
    how = f", in {parts} parts" if parts > 1 else ""
    finds = "" if reached else f" {name} gets no texts or mails now and finds it with INBOX."
    return f"Sent to {name} alone{how}.{finds}"


def direct_too_long(over: int) -> str:
    return f"That is {counted(over, 'character')} over 140. Nothing was sent."


def direct_twice(name: str) -> str:
    return f"You sent {name} the same words a moment ago. They are sent once."


def too_many_directs(limit: int) -> str:
    return f"More than {limit} direct messages in an hour are too many. Nothing was sent. Please wait a little."


def direct_refused(name: str) -> str:
    return f"{name} does not follow you, so you cannot send them direct messages. Nothing was sent or posted."


def direct_to_nobody(word: str) -> str:
    """``word`` stands where a name should, and may be anything."""
    name = word if len(word) <= 20 and is_gsm(word) else "that"
    return f"Nobody here is called {name}. Nothing was sent or posted; POST and your words posts anything."


def direct_without_text(name: str) -> str:
    return f"What shall {name} read? Text D {name} and your words. Nothing was posted."


def reply_without_text() -> str:
    return "What is your answer? Text R and your words. Nothing was posted."


def answered(name: str) -> str:
    return f"Answered {name}."


def nothing_to_answer() -> str:
    return "There is no post to answer. R name text answers name's last one. Nothing was posted."


def which_of_the_digest() -> str:
    """Whoever answers a mail with several posts."""
    return "That mail had several posts, so nothing was posted. Use the Answer link below the one that you mean."


def nothing_to_mark() -> str:
    return "There is no post that this could mean. Add a name."


def no_posts(name: str) -> str:
    return f"{name} has no posts that you can see."


def reposted(name: str) -> str:
    return f"Reposted {name}'s post."


def already_reposted(name: str) -> str:
    return f"You passed on that post of {name} before."


def cannot_repost(name: str) -> str:
    return f"{name}'s posts are protected and cannot be passed on."


def not_a_direct() -> str:
    return "That was a direct message: it stays between you."


def favoured(name: str) -> str:
    return f"{name}'s post is among your favourites."


def undone(text: str) -> str:
    return cut(f"Deleted: {text}") if text else "Your last repost is taken back."


def undone_unsaid() -> str:
    """The words are not told to just anyone who could have asked."""
    return "Your last post is deleted."


def undone_too_late(name: str, text: str) -> str:
    """A direct message that went out before it was deleted."""
    return cut(f"It had gone out to {name} already. Deleted here: {text}")


def nothing_to_undo() -> str:
    return "You have no post to delete."


def _attachments(count: int) -> str:
    return "The attachment was" if count == 1 else f"{count} attachments were"
