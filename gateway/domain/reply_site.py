"""What is texted and mailed to people who come in by the site: links and codes to log in and to sign up with."""

from gateway.domain.reply import terms
from gateway.domain.reply_form import sentences
from gateway.domain.speech import say


def login_subject(site: str) -> str:
    return say("Log in to {site}", site=site)


def login_letter(site: str, link: str) -> str:
    words = say(
        "Open this link to log in to {site}. It is good once, for a few minutes; pass it on to nobody.", site=site
    )
    return f"{words}\n\n{link}\n\n{_if_not_you()}"


def login_code(site: str, code: str) -> str:
    return say(
        "{site}: {code} is your code to log in. Tell it to nobody. If you did not ask for it, ignore this.",
        site=site,
        code=code,
    )


def signup_subject(site: str) -> str:
    return say("Join {site}", site=site)


def signup_letter(site: str, name: str, link: str) -> str:
    words = say("Open this link to join {site} as {name}.", site=site, name=name)
    return f"{words}\n\n{link}\n\n{_if_not_you()}"


def signup_code(site: str, name: str, code: str) -> str:
    return say(
        "{site}: {code} is your code to join as {name}. Type it on the page. If you did not ask for it, ignore this.",
        site=site,
        code=code,
        name=name,
    )


def signup_taken_letter(site: str, name: str, link: str) -> str:
    words = say(
        "Somebody, you perhaps, wanted to join {site} with this mail address. You are {name} there already. This link "
        "logs you in once:",
        site=site,
        name=name,
    )
    return f"{words}\n\n{link}\n\n{_if_not_you()}"


def signed_up(site: str, name: str) -> str:
    """The confirmation that carriers ask for, to a phone that was proven on the site. It has agreed to nothing yet."""
    how = say(
        "{site}: you are {name}. Reply ON to get posts by text, or text anything to post it.", site=site, name=name
    )
    return sentences(how, terms())


def mailbox_subject(site: str) -> str:
    return say("Is this your mailbox, on {site}?", site=site)


def mailbox_letter(site: str, name: str, link: str) -> str:
    words = say("Open this link to add this mailbox to {name} on {site}.", name=name, site=site)
    return f"{words}\n\n{link}\n\n{_if_not_you()}"


def _if_not_you() -> str:
    return say("If you did not ask for it, ignore this mail: nothing happens.")
