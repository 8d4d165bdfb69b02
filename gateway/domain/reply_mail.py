"""Words about mail: unsubscribing, mailboxes that get no more mails, and what is answered at ``abuse@``."""

from gateway.domain.reply_form import SEGMENT

_IT = "\0"
_LONGEST_HANDED_ON = 10_000

# ---- unsubscribing


def nothing_more_for_that() -> str:
    """For a word, tag or group that is not listened to any more."""
    return "You get no more mails for that."


def account_is_gone() -> str:
    return "This account is deleted: no more mails go out to it."


def link_too_old() -> str:
    return "This mail is so old that nobody knows any more what it was. Use the link in a newer mail."


def mails_of(name: str) -> str:
    return f"mails of {name}'s posts"


def mails_for(key: str) -> str:
    return f"mails for {key}"


def mails_for_that() -> str:
    return "mails of this kind"


def all_mails() -> str:
    return "all mails"


def left(people: int, keys: int) -> str:
    """What still comes by mail: posts of so many people, posts for so many words, tags and groups, and what has no
    switch of its own."""
    of = f" of {people} {'person' if people == 1 else 'people'}" if people else ""
    words = f" for {keys} {'word, tag or group' if keys == 1 else 'words, tags and groups'}" if keys else ""
    posts = f"the posts{of}{' and' if of and words else ''}{words}, " if of or words else ""
    return f"You still get {posts}direct messages and mentions by mail."


def nothing_left() -> str:
    return "No more posts or direct messages come by mail. EMAIL ON, by text or mail, brings them back."


# ---- mailboxes that get no more mails


def came_back(site: str, address: str) -> str:
    """To the person, another way: a mailbox of theirs is stopped since mails to it came back."""
    return _naming(address, f"{site}: mails to {_IT} came back, so we send no more. EMAIL ON starts them again.")


def complained(site: str, address: str) -> str:
    """The same, since one of our mails was reported as spam there."""
    return _naming(
        address, f"{site}: a mail to {_IT} was reported as spam, so we send no more. EMAIL ON starts them again."
    )


def code_mailed(address: str) -> str:
    """To who asked for mails again from elsewhere than the mailbox."""
    return _naming(address, f"Mails to {_IT} are stopped. We mailed a code there: text it back and they go on.")


def too_many_codes() -> str:
    return "Enough codes were mailed there today. Please try again tomorrow, or write to us from that mailbox."


def mails_go_on() -> str:
    return "Mails go to you again. EMAIL OFF ends that."


def code_letter_subject(site: str, code: str) -> str:
    return f"{code} is your code for {site}"


def code_letter(site: str, name: str, code: str) -> str:
    """To the stopped mailbox."""
    return (
        f"{name} asked {site} to send mails to this address again. To allow it, text {code} from the phone that asked."
        "\n\nIf that was not you, ignore this mail: nothing more comes.\n"
    )


def _naming(address: str, words: str) -> str:
    """The words with the address in its place, or without it where one SMS does not hold it."""
    told = words.replace(_IT, address)
    return told if len(told) <= SEGMENT else words.replace(_IT, "your mailbox")


# ---- abuse@


def abuse(site: str, contact: str, *, handed_on: bool) -> str:
    """To a person who wrote to ``abuse@``. ``handed_on``: the mail went on to whoever runs the site."""
    who = f" You reach whoever runs it at {contact}." if contact else ""
    on = " Your mail was handed on to them." if handed_on else ""
    return (
        f"This is {site}, which sends mails to people who asked for them.{who}{on}\n\n"
        "To get no more mails, use the link at the end of one, or the button of your mail program. To report mail that "
        "you did not ask for, send the whole of it with its headers, as feedback reports do (RFC 5965): then it ends "
        "at once.\n"
    )


def handed_on_subject(subject: str) -> str:
    return f"abuse@: {subject}" if subject else "A mail to abuse@"


def handed_on(sender: str, text: str) -> str:
    """To whoever runs the site."""
    return f"{sender} wrote to abuse@:\n\n{text[:_LONGEST_HANDED_ON]}\n"
