"""Words about mail: unsubscribing, mailboxes that get no more mails, and what is answered at ``abuse@``."""

from collections.abc import Callable

from gateway.domain.reply_form import SEGMENT, sentences
from gateway.domain.speech import counted, say

_LONGEST_HANDED_ON = 10_000

# ---- unsubscribing


def nothing_more_for_that() -> str:
    """For a word, tag or group that is not listened to any more."""
    return say("You get no more mails for that.")


def account_is_gone() -> str:
    return say("This account is deleted: no more mails go out to it.")


def link_too_old() -> str:
    return say("This mail is so old that nobody knows any more what it was. Use the link in a newer mail.")


def mails_of(name: str) -> str:
    return say("mails of {name}'s posts", name=name)


def mails_for(key: str) -> str:
    return say("mails for {key}", key=key)


def mails_for_that() -> str:
    return say("mails of this kind")


def all_mails() -> str:
    return say("all mails")


def left(people: int, keys: int) -> str:
    """What still comes by mail: posts of so many people, posts for so many words, tags and groups, and what has no
    switch of its own."""
    if not people and not keys:
        return say("You still get direct messages and mentions by mail.")
    if not keys:
        posts = counted("the posts of {n} person", "the posts of {n} people", people)
    elif not people:
        posts = counted("the posts for {n} word, tag or group", "the posts for {n} words, tags and groups", keys)
    else:
        posts = say(
            "{posts} and {more}",
            posts=counted("the posts of {n} person", "the posts of {n} people", people),
            more=counted("for {n} word, tag or group", "for {n} words, tags and groups", keys),
        )
    return say("You still get {posts}, direct messages and mentions by mail.", posts=posts)


def how_a_mailbox_comes() -> str:
    return say("A mailbox is added on the site: LOGIN logs you in, then see Settings. Nothing was posted.")


def nothing_left() -> str:
    return say("No more posts or direct messages come by mail. EMAIL ON, by text or mail, brings them back.")


# ---- mailboxes that get no more mails


def came_back(site: str, address: str) -> str:
    """To the person, another way: a mailbox of theirs is stopped since mails to it came back."""
    return _naming(
        address,
        lambda mailbox: say(
            "{site}: mails to {mailbox} came back, so we send no more. EMAIL ON starts them again.",
            site=site,
            mailbox=mailbox,
        ),
    )


def complained(site: str, address: str) -> str:
    """The same, since one of our mails was reported as spam there."""
    return _naming(
        address,
        lambda mailbox: say(
            "{site}: a mail to {mailbox} was reported as spam, so we send no more. EMAIL ON starts them again.",
            site=site,
            mailbox=mailbox,
        ),
    )


def code_mailed(address: str) -> str:
    """To who asked for mails again from elsewhere than the mailbox."""
    return _naming(
        address,
        lambda mailbox: say(
            "Mails to {mailbox} are stopped. We mailed a code there: text it back and they go on.", mailbox=mailbox
        ),
    )


def too_many_codes() -> str:
    return say("Enough codes were mailed there today. Please try again tomorrow, or write to us from that mailbox.")


def mails_go_on() -> str:
    return say("Mails go to you again. EMAIL OFF ends that.")


def code_letter_subject(site: str, code: str) -> str:
    return say("{code} is your code for {site}", code=code, site=site)


def code_letter(site: str, name: str, code: str) -> str:
    """To the stopped mailbox."""
    return say(
        "{name} asked {site} to send mails to this address again. To allow it, text {code} from the phone that asked."
        "\n\nIf that was not you, ignore this mail: nothing more comes.\n",
        name=name,
        site=site,
        code=code,
    )


def _naming(address: str, words: Callable[[str], str]) -> str:
    """The words with the address in its place, or without it where one SMS does not hold it."""
    told = words(address)
    return told if len(told) <= SEGMENT else words(say("your mailbox"))


# ---- abuse@


def abuse(site: str, contact: str, *, handed_on: bool) -> str:
    """To a person who wrote to ``abuse@``. ``handed_on``: the mail went on to whoever runs the site."""
    said = sentences(
        say("This is {site}, which sends mails to people who asked for them.", site=site),
        say("You reach whoever runs it at {contact}.", contact=contact) if contact else "",
        say("Your mail was handed on to them.") if handed_on else "",
    )
    how = say(
        "To get no more mails, use the link at the end of one, or the button of your mail program. To report mail that "
        "you did not ask for, send the whole of it with its headers, as feedback reports do (RFC 5965): then it ends "
        "at once."
    )
    return f"{said}\n\n{how}\n"


def handed_on_subject(subject: str) -> str:
    return f"abuse@: {subject}" if subject else say("A mail to abuse@")


def handed_on(sender: str, text: str) -> str:
    """To whoever runs the site."""
    wrote = say("{sender} wrote to abuse@:", sender=sender)
    return f"{wrote}\n\n{text[:_LONGEST_HANDED_ON]}\n"
