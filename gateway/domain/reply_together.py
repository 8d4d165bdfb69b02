"""Answers about polls, nudges, invitations, reports, PINs, logging in, and lists that go on."""

from gateway.domain.reply_form import SEGMENT, cut
from gateway.domain.speech import say

_SHORTEST = 20
"""Characters of somebody's post by which they know which one is meant."""

# ---- polls


def poll_posted() -> str:
    return say("Your poll is posted. POLL shows the result, POLL CLOSE ends it.")


def poll_too_long(over: int) -> str:
    return say("With its options that poll is {over} over 140 characters. Nothing was posted.", over=over)


def no_poll() -> str:
    return say("There is no poll that you got or asked. Nothing was posted.")


def no_open_poll() -> str:
    return say("You have no poll that is open.")


def no_such_option(number: int, most: int) -> str:
    return say("There is no option {number}: VOTE 1 to {most}.", number=number, most=most)


def voted(option: str, result: str) -> str:
    return say("You chose {option}. {result}", option=option, result=result)


def poll_is_closed(result: str) -> str:
    return say("Closed: {result}", result=result)


# ---- people


def nudged(name: str) -> str:
    return say("{name} is asked to post again.", name=name)


def nudged_before(name: str) -> str:
    return say("You nudged {name} within a day. Once is enough.", name=name)


def nudge_refused(name: str) -> str:
    return say("{name} does not follow you, so you cannot nudge them.", name=name)


def out_of_reach(name: str) -> str:
    return say("{name} cannot be reached now.", name=name)


def nudge(name: str) -> str:
    """Told to whom ``name`` nudged."""
    return say("{name} would like to hear from you. Text anything to post it.", name=name)


def invitation(site: str, number: str, url: str) -> str:
    """A text to pass on."""
    if not number:
        return say("Pass this on: I am on {site}. To join me, see {url}", site=site, url=url)
    return say(
        "Pass this on: I am on {site}. To join me, text JOIN yourname to {number}, or see {url}",
        site=site,
        number=number,
        url=url,
    )


def invitation_with_code(site: str, number: str, url: str, code: str) -> str:
    """The same where signing up takes an invitation: for one person. The link is left out where it would take a second
    text."""
    page = f"{url}/signup?invite={code}"
    if not number:
        return say("Pass this on to one person: I am on {site}. To join me, see {page}", site=site, page=page)
    whole = say(
        "Pass this on to one person: I am on {site}. To join me, text JOIN yourname {code} to {number}, or see {page}",
        site=site,
        code=code,
        number=number,
        page=page,
    )
    if len(whole) <= SEGMENT:
        return whole
    return say(
        "Pass this on to one person: I am on {site}. To join me, text JOIN yourname {code} to {number}",
        site=site,
        code=code,
        number=number,
    )


def too_many_invited(limit: int) -> str:
    return say("More than {limit} people in a week are too many to invite. Please go on later.", limit=limit)


def reported(name: str) -> str:
    return say(
        "Thank you. The people who run this site will look at {name}. BLOCK {name} hides them from you.",
        name=name,
    )


def too_many_reports(limit: int) -> str:
    return say("More than {limit} reports in a day are too many. Please go on tomorrow.", limit=limit)


def report_closed(name: str) -> str:
    """Told to who reported somebody."""
    return say("Your report about {name} was looked at and is closed. Thank you.", name=name)


def post_removed(site: str, words: str, why: str) -> str:
    """Told to whose post was removed by who looks after the site: which one, as far as there is room, and why."""

    def told(shown: str) -> str:
        return say('Who looks after {site} removed your post "{words}": {why}', site=site, words=shown, why=why)

    return told(cut(words, max(SEGMENT - len(told("")), _SHORTEST)))


# ---- PIN and login


def pin_set() -> str:
    """The PIN itself is not said again, as answers are kept for a while."""
    return say("Texts from your phone must begin with your PIN now, then a space. PIN OFF behind your PIN ends that.")


def what_a_pin_is() -> str:
    return say("A PIN has 4 to 8 digits, like this: PIN 4821. Nothing was done or posted.")


def pin_off() -> str:
    return say("Texts need no PIN any more.")


def no_pin() -> str:
    return say("You have no PIN, so nothing was posted. PIN and 4 to 8 digits sets one.")


def pin_first() -> str:
    return say("Begin with your PIN, please. Nothing was done or posted.")


def wrong_pin() -> str:
    return say("That is not your PIN. Nothing was done or posted.")


def login(link: str, minutes: int) -> str:
    return say("{link} logs you in once, within {minutes} minutes. Pass it on to nobody.", link=link, minutes=minutes)


# ---- lists


def nothing_more() -> str:
    return say("There is nothing to go on with. POST more posts it.")


def nothing_found() -> str:
    return say("Nothing was found.")


def no_words() -> str:
    return say("SEARCH takes words of letters or digits.")
