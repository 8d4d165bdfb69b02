"""What is texted and mailed to people who come in by the site: links and codes to log in and to sign up with."""

_IF_NOT_YOU = "If you did not ask for it, ignore this mail: nothing happens."


def login_subject(site: str) -> str:
    return f"Log in to {site}"


def login_letter(site: str, link: str) -> str:
    return (
        f"Open this link to log in to {site}. It is good once, for a few minutes; pass it on to nobody.\n\n{link}\n\n"
        f"{_IF_NOT_YOU}"
    )


def login_code(site: str, code: str) -> str:
    return f"{site}: {code} is your code to log in. Tell it to nobody. If you did not ask for it, ignore this."


def signup_subject(site: str) -> str:
    return f"Join {site}"


def signup_letter(site: str, name: str, link: str) -> str:
    return f"Open this link to join {site} as {name}.\n\n{link}\n\n{_IF_NOT_YOU}"


def signup_code(site: str, name: str, code: str) -> str:
    return (
        f"{site}: {code} is your code to join as {name}. Type it on the page. If you did not ask for it, ignore this."
    )


def signup_taken_letter(site: str, name: str, link: str) -> str:
    return (
        f"Somebody, you perhaps, wanted to join {site} with this mail address. You are {name} there already. This link "
        f"logs you in once:\n\n{link}\n\n{_IF_NOT_YOU}"
    )


def signed_up(site: str, name: str) -> str:
    """The confirmation that carriers ask for, to a phone that was proven on the site. It has agreed to nothing yet."""
    return (
        f"{site}: you are {name}. Reply ON to get posts by text, or text anything to post it. Msg frequency varies. "
        "Msg&data rates may apply. HELP for help, STOP to end."
    )


def mailbox_subject(site: str) -> str:
    return f"Is this your mailbox, on {site}?"


def mailbox_letter(site: str, name: str, link: str) -> str:
    return f"Open this link to add this mailbox to {name} on {site}.\n\n{link}\n\n{_IF_NOT_YOU}"
