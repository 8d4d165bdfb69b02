"""The words that Birdwire answers a text or mail with, each in one SMS segment where it can: those about consent, the
account, and what reaches somebody. The others stand in ``reply_people``, ``reply_posts`` and ``reply_reading``.

All are in letters of the GSM alphabet, so that an answer to a name of fifteen characters costs one segment of 160.
"""

from gateway.domain.reply_form import SEGMENT

_TOGETHER = "Posts come in one mail {}. Direct messages and mentions come at once."
_FLUSHED = " What has waited comes now."

# ---- consent


def joined(site: str, name: str) -> str:
    """The confirmation that carriers ask for after an opt-in: programme, frequency, rates, HELP, STOP."""
    return (
        f"{site}: you are {name}. Text anything to post it. Msg frequency varies. Msg&data rates may apply. "
        "HELP for help, STOP to end."
    )


def joined_by_mail(site: str, name: str, address: str) -> str:
    """For somebody who signed up from a mailbox."""
    return (
        f"{site}: you are {name}. Whatever you mail to {address} from this mailbox is posted, for everyone to read. "
        "Posts of people you follow come by mail; STOP ends that, HELP tells more."
    )


def joined_by_following(site: str, name: str, *, can_join: bool) -> str:
    """The same confirmation for a phone that only follows."""
    return (
        f"{site}: you now get {name}'s posts. Msg frequency varies. Msg&data rates may apply. "
        f"HELP for help, STOP to end{', JOIN yourname to post' if can_join else ''}."
    )


def named(name: str) -> str:
    return f"You are {name} now. Text anything to post it."


def stopped(site: str) -> str:
    return f"{site}: you are opted out and get no more texts. START opts you in again."


def started(site: str, ask: str, *, known: bool) -> str:
    """``ask`` is whom to ask for an account; empty where JOIN makes one. So it is in all these answers."""
    how = "Text anything to post it." if known else "" if ask else "JOIN yourname to sign up."
    return (
        f"{site}: you are opted in.{f' {how}' if how else ''} Msg frequency varies. Msg&data rates may apply. "
        "HELP for help, STOP to end."
    )


def help_(site: str, url: str, contact: str) -> str:
    words = (
        f"{site}: text to post. FOLLOW name, LEAVE name, D name text, OFF, ON. STOP to end. Msg&data rates may apply."
    )
    for more in (f" {url}/help {contact}", f" {contact}", f" {url}/help"):
        if more.strip() and len(words + more.rstrip()) <= SEGMENT:
            return words + more.rstrip()
    return (
        f"{site}: {contact or f'{url}/help'}. FOLLOW name, D name text, OFF, ON, STOP to end. Msg&data rates may apply."
    )


def help_after_stop(site: str, url: str, contact: str) -> str:
    """For a phone that has opted out."""
    return f"{site}: you are opted out and get no texts. START opts you in again. Help: {contact or f'{url}/help'}"


def join_first(site: str, ask: str) -> str:
    how = f"Ask {ask} to sign you up" if ask else "Text JOIN yourname to sign up"
    return f"{site} does not know this phone yet. {how}, or text HELP. Nothing was posted."


def name_first(ask: str) -> str:
    how = f"Ask {ask} for an account" if ask else "Text JOIN yourname"
    return f"You only follow so far. {how} to post and write to others. Nothing was posted."


def only_by_phone() -> str:
    return "That works by text from your phone only."


def only_to_your_own() -> str:
    return "That is answered only to a mailbox of yours; this one is not."


def only_the_answer() -> str:
    return "From here only an answer to that post is taken; commands work from a mailbox of yours. Nothing was done."


def only_from_your_own() -> str:
    return "That works from your phone or from your own confirmed mail address only."


def join_by_mail(ask: str) -> str:
    how = f"Ask {ask} to add it to your account" if ask else "Write JOIN yourname to sign up"
    return f"This mail address belongs to nobody here. {how}. Nothing was posted."


def not_your_mail() -> str:
    return "This mail address belongs to nobody here. Write to your own posting address."


# ---- account


def already_named(name: str) -> str:
    return f"You are {name} already. NAME newname changes it."


def name_taken(name: str) -> str:
    return f"{name} is taken. Please try another name."


def not_a_name() -> str:
    return "A name has 1 to 15 letters, digits or _, like alice_b. Please try another one. Nothing was posted."


def registration_closed(mode: str, ask: str, url: str) -> str:
    match mode:
        case "invite":
            return f"Signing up here takes an invitation: JOIN yourname and its code. For one, ask {ask}."
        case "domains":
            return f"Signing up here takes a mail address of this community: see {url}/signup. Questions: {ask}."
        case _:
            return f"Nobody can sign up here by text. Ask {ask}."


def no_such_invitation(ask: str) -> str:
    return f"That invitation is mistyped, too old, or has served. For a new one, ask {ask}."


def confirm_rename(name: str, code: str) -> str:
    return f"To be called {name}, reply {code}. If you did not ask for this, ignore it."


def confirm_public(code: str) -> str:
    return f"Everyone will be able to read your posts, older ones too. To go on, reply {code}."


def confirm_delete(name: str, code: str) -> str:
    return f"This deletes {name or 'your account'} and every post for good. To go on, reply {code}."


def deleted() -> str:
    return "Your account and your posts are deleted. Goodbye."


def wrong_code() -> str:
    return "That is not the code. Please look again."


def too_many_tries() -> str:
    return "Too many wrong codes. Please start again later."


def code_over() -> str:
    return "That code is over, so nothing was done or posted. POST and the number posts it."


def no_such_claim(ask: str) -> str:
    return f"That code is wrong or too old. Ask {ask} for a new one."


def what_a_claim_is() -> str:
    return "A code has 4 to 12 letters and digits, like this: CLAIM 482913. Nothing was done or posted."


def claimed(site: str, name: str) -> str:
    return (
        f"{site}: this phone is {name}'s now. Msg frequency varies. Msg&data rates may apply. "
        "HELP for help, STOP to end, SIGNOUT to undo."
    )


def prove_phone(site: str, name: str, code: str) -> str:
    """Asked of a phone whose number was typed elsewhere, before anything else goes there."""
    return (
        f"{site}: does this phone belong to {name}? Reply {code} to get texts here. If not, ignore this. "
        "Msg&data rates may apply. HELP for help, STOP to end."
    )


def sign_out_first(name: str) -> str:
    return f"This phone is {name}'s. Text SIGNOUT first, then claim again."


def signed_out(name: str, ask: str, *, elsewhere: bool) -> str:
    """``elsewhere``: the account has another phone or mailbox in use."""
    only = "" if elsewhere else ", which has no other phone or mailbox"
    return f"This phone is detached from {name}{only}. Ask {ask} for a CLAIM code to come back."


def signed_out_for_good() -> str:
    return "This phone is forgotten here: it follows nobody any more."


def suspended(contact: str) -> str:
    return f"Your account is suspended.{f' Ask {contact}.' if contact else ''}"


def slow_down(limit: int) -> str:
    return f"More than {limit} texts in a minute are too many. The last ones were not read. Please wait a little."


# ---- what reaches you


def texts_on() -> str:
    return "Texts are on. OFF pauses them."


def texts_off() -> str:
    return "Texts are off. ON brings them back; you can still post and ask."


def texts_of(name: str, *, on: bool) -> str:
    return f"{name}'s posts come by text now." if on else f"{name}'s posts come by text no longer. You still follow."


def mail_on(*, flushed: bool = False) -> str:
    """``flushed``: what has waited for a digest comes now. So it is in the next two."""
    return f"Posts come by mail now, each at once. EMAIL OFF ends that.{_FLUSHED if flushed else ''}"


def mail_hourly(*, flushed: bool = False) -> str:
    return f"{_TOGETHER.format('an hour')} EMAIL ON ends that.{_FLUSHED if flushed else ''}"


def mail_daily(hour: int, place: str, *, flushed: bool = False) -> str:
    """``place``: whose clocks show the hour."""
    when = f"a day at {hour}:00, {place} time"
    return f"{_TOGETHER.format(when)}{_FLUSHED if flushed else ' EMAIL ON ends that.'}"


def what_daily_takes() -> str:
    return "EMAIL DAILY takes a full hour, 0 to 23: EMAIL DAILY 18. Nothing was done or posted."


def mail_off() -> str:
    return "No more posts by mail. EMAIL ON brings them back."


def mail_off_texts_on() -> str:
    """Mailed to who has a phone that still gets posts."""
    return (
        "No more posts by mail. EMAIL ON brings them back. Your phone still gets texts: "
        "text STOP from it, or answer OFF to this mail, to end those too."
    )


def no_phone(ask: str) -> str:
    return f"No phone is joined to your account. Ask {ask} for a code, then text CLAIM and the code from your phone."


def no_mail(ask: str) -> str:
    return f"You have no confirmed mail address. Ask {ask} to add one."


def unsubscribed(name: str) -> str:
    return f"You get no more mails of {name}'s posts."


# ---- letters


def posting_letter_subject(site: str) -> str:
    return f"Post to {site} by mail"


def posting_letter(site: str, name: str, address: str) -> str:
    """How somebody with a mailbox learns where to mail posts to."""
    return (
        f"Hello {name},\n\n"
        f"whatever you mail to this address is posted on {site} in your name:\n\n{address}\n\n"
        "Keep it in your address book and to yourself: whoever knows it can post as you.\n"
    )
