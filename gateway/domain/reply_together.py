"""Answers about polls, nudges, invitations, reports, PINs, logging in, and lists that go on."""

from gateway.domain.reply_form import SEGMENT

# ---- polls


def poll_posted() -> str:
    return "Your poll is posted. POLL shows the result, POLL CLOSE ends it."


def poll_too_long(over: int) -> str:
    return f"With its options that poll is {over} over 140 characters. Nothing was posted."


def no_poll() -> str:
    return "There is no poll that you got or asked. Nothing was posted."


def no_open_poll() -> str:
    return "You have no poll that is open."


def no_such_option(number: int, most: int) -> str:
    return f"There is no option {number}: VOTE 1 to {most}."


def voted(option: str, result: str) -> str:
    return f"You chose {option}. {result}"


def poll_is_closed(result: str) -> str:
    return f"Closed: {result}"


# ---- people


def nudged(name: str) -> str:
    return f"{name} is asked to post again."


def nudged_before(name: str) -> str:
    return f"You nudged {name} within a day. Once is enough."


def nudge_refused(name: str) -> str:
    return f"{name} does not follow you, so you cannot nudge them."


def out_of_reach(name: str) -> str:
    return f"{name} cannot be reached now."


def nudge(name: str) -> str:
    """Told to whom ``name`` nudged."""
    return f"{name} would like to hear from you. Text anything to post it."


def invitation(site: str, number: str, url: str) -> str:
    """A text to pass on."""
    how = f"text JOIN yourname to {number}, or see {url}" if number else f"see {url}"
    return f"Pass this on: I am on {site}. To join me, {how}"


def invitation_with_code(site: str, number: str, url: str, code: str) -> str:
    """The same where signing up takes an invitation: for one person. The link is left out where it would take a second
    text."""
    by_link = f"see {url}/signup?invite={code}"
    if not number:
        return f"Pass this on to one person: I am on {site}. To join me, {by_link}"
    by_text = f"text JOIN yourname {code} to {number}"
    words = f"Pass this on to one person: I am on {site}. To join me, {by_text}"
    return f"{words}, or {by_link}" if len(words) + len(by_link) + 5 <= SEGMENT else words


def too_many_invited(limit: int) -> str:
    return f"More than {limit} people in a week are too many to invite. Please go on later."


def reported(name: str) -> str:
    return f"Thank you. The people who run this site will look at {name}. BLOCK {name} hides them from you."


def too_many_reports(limit: int) -> str:
    return f"More than {limit} reports in a day are too many. Please go on tomorrow."


def report_closed(name: str) -> str:
    """Told to who reported somebody."""
    return f"Your report about {name} was looked at and is closed. Thank you."


# ---- PIN and login


def pin_set() -> str:
    """The PIN itself is not said again, as answers are kept for a while."""
    return "Texts from your phone must begin with your PIN now, then a space. PIN OFF behind your PIN ends that."


def what_a_pin_is() -> str:
    return "A PIN has 4 to 8 digits, like this: PIN 4821. Nothing was done or posted."


def pin_off() -> str:
    return "Texts need no PIN any more."


def no_pin() -> str:
    return "You have no PIN, so nothing was posted. PIN and 4 to 8 digits sets one."


def pin_first() -> str:
    return "Begin with your PIN, please. Nothing was done or posted."


def wrong_pin() -> str:
    return "That is not your PIN. Nothing was done or posted."


def login(link: str, minutes: int) -> str:
    return f"{link} logs you in once, within {minutes} minutes. Pass it on to nobody."


# ---- lists


def nothing_more() -> str:
    return "There is nothing to go on with. POST more posts it."


def nothing_found() -> str:
    return "Nothing was found."


def no_words() -> str:
    return "SEARCH takes words of letters or digits."
