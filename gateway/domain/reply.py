"""The words that Birdwire answers a text or mail with, each in one SMS segment where it can: those about consent, the
account, and what reaches somebody. The others stand in ``reply_people``, ``reply_posts`` and ``reply_reading``.

All are in letters of the GSM alphabet, so that an answer to a name of fifteen characters costs one segment of 160.
"""

from gateway.domain.reply_form import SEGMENT, sentences
from gateway.domain.speech import say

# ---- consent


def terms(words: str = "") -> str:
    """What carriers want said to who opts in: frequency, rates, HELP, STOP; ``words`` in place of the last two."""
    rates = say("Msg frequency varies. Msg&data rates may apply.")
    return sentences(rates, words or say("HELP for help, STOP to end."))


def joined(site: str, name: str) -> str:
    """The confirmation that carriers ask for after an opt-in: programme, frequency, rates, HELP, STOP."""
    return sentences(say("{site}: you are {name}. Text anything to post it.", site=site, name=name), terms())


def joined_by_mail(site: str, name: str, address: str) -> str:
    """For somebody who signed up from a mailbox."""
    return say(
        "{site}: you are {name}. Whatever you mail to {address} from this mailbox is posted, for everyone to read. "
        "Posts of people you follow come by mail; STOP ends that, HELP tells more.",
        site=site,
        name=name,
        address=address,
    )


def joined_by_following(site: str, name: str, *, can_join: bool) -> str:
    """The same confirmation for a phone that only follows."""
    ways = say("HELP for help, STOP to end, JOIN yourname to post.") if can_join else ""
    return sentences(say("{site}: you now get {name}'s posts.", site=site, name=name), terms(ways))


def named(name: str) -> str:
    return say("You are {name} now. Text anything to post it.", name=name)


def stopped(site: str) -> str:
    return say("{site}: you are opted out and get no more texts. START opts you in again.", site=site)


def started(site: str, ask: str, *, known: bool) -> str:
    """``ask`` is whom to ask for an account; empty where JOIN makes one. So it is in all these answers."""
    how = say("Text anything to post it.") if known else "" if ask else say("JOIN yourname to sign up.")
    return sentences(say("{site}: you are opted in.", site=site), how, terms())


def help_(site: str, url: str, contact: str) -> str:
    words = say(
        "{site}: text to post. FOLLOW name, LEAVE name, D name text, OFF, ON. STOP to end. Msg&data rates may apply.",
        site=site,
    )
    for more in (f" {url}/help {contact}", f" {contact}", f" {url}/help"):
        if more.strip() and len(words + more.rstrip()) <= SEGMENT:
            return words + more.rstrip()
    return say(
        "{site}: {contact}. FOLLOW name, D name text, OFF, ON, STOP to end. Msg&data rates may apply.",
        site=site,
        contact=contact or f"{url}/help",
    )


def help_by_mail(site: str, url: str, contact: str) -> str:
    """The same for who asks by mail, where nothing costs anything and STOP ends mails."""
    asks = say("Questions: {contact}", contact=contact) if contact else ""
    return sentences(
        say("{site}: what you mail to your posting address is posted.", site=site),
        say("A mail of nothing else can say FOLLOW name, LEAVE name, D name text, EMAIL DAILY, or STOP to end."),
        say("More: {link}", link=f"{url}/help"),
        asks,
    )


def help_after_stop(site: str, url: str, contact: str) -> str:
    """For a phone that has opted out."""
    return say(
        "{site}: you are opted out and get no texts. START opts you in again. Help: {contact}",
        site=site,
        contact=contact or f"{url}/help",
    )


def join_first(site: str, ask: str) -> str:
    how = (
        say("Ask {ask} to sign you up, or text HELP.", ask=ask)
        if ask
        else say("Text JOIN yourname to sign up, or text HELP.")
    )
    return sentences(say("{site} does not know this phone yet.", site=site), how, say("Nothing was posted."))


def name_first(ask: str) -> str:
    how = (
        say("Ask {ask} for an account to post and write to others.", ask=ask)
        if ask
        else say("Text JOIN yourname to post and write to others.")
    )
    return sentences(say("You only follow so far."), how, say("Nothing was posted."))


def for_the_last_time(answer: str) -> str:
    """``answer`` says why nothing is done; what comes next is not done either, and not answered."""
    return sentences(answer, say("This is not said again today."))


def only_by_phone() -> str:
    return say("That works by text from your phone only.")


def only_to_your_own() -> str:
    return say("That is answered only to a mailbox of yours; this one is not.")


def only_the_answer() -> str:
    return say(
        "From here only an answer to that post is taken; commands work from a mailbox of yours. Nothing was done.",
    )


def only_from_your_own() -> str:
    return say("That works from your phone or from your own confirmed mail address only.")


def join_by_mail(ask: str) -> str:
    how = say("Ask {ask} to add it to your account.", ask=ask) if ask else say("Write JOIN yourname to sign up.")
    return sentences(say("This mail address belongs to nobody here."), how, say("Nothing was posted."))


def not_your_mail() -> str:
    return say("This mail address belongs to nobody here. Write to your own posting address.")


# ---- account


def already_named(name: str) -> str:
    return say("You are {name} already. NAME newname changes it.", name=name)


def name_taken(name: str) -> str:
    return say("{name} is taken. Please try another name.", name=name)


def not_a_name() -> str:
    return say("A name has 1 to 15 letters, digits or _, like alice_b. Please try another one. Nothing was posted.")


def registration_closed(mode: str, ask: str, url: str) -> str:
    match mode:
        case "invite":
            return say("Signing up here takes an invitation: JOIN yourname and its code. For one, ask {ask}.", ask=ask)
        case "domains":
            return say(
                "Signing up takes a mail address of this community: see {page}. Then you can add a phone. "
                "Questions: {ask}.",
                page=f"{url}/signup",
                ask=ask,
            )
        case _:
            return say("Nobody can sign up here by text. Ask {ask}.", ask=ask)


def no_such_invitation(ask: str) -> str:
    return say("That invitation is mistyped, too old, or has served. For a new one, ask {ask}.", ask=ask)


def confirm_rename(name: str, code: str) -> str:
    return say("To be called {name}, reply {code}. If you did not ask for this, ignore it.", name=name, code=code)


def confirm_public(code: str) -> str:
    return say("Everyone will be able to read your posts, older ones too. To go on, reply {code}.", code=code)


def confirm_delete(name: str, code: str) -> str:
    if not name:
        return say("This deletes your account and every post for good. To go on, reply {code}.", code=code)
    return say("This deletes {name} and every post for good. To go on, reply {code}.", name=name, code=code)


def deleted() -> str:
    return say("Your account and your posts are deleted. Goodbye.")


def wrong_code() -> str:
    return say("That is not the code. Please look again.")


def too_many_tries() -> str:
    return say("Too many wrong codes. Please start again later.")


def code_over() -> str:
    return say("That code is over, so nothing was done or posted. POST and the number posts it.")


def no_such_claim(ask: str) -> str:
    return say("That code is wrong or too old. Ask {ask} for a new one.", ask=ask)


def what_a_claim_is() -> str:
    return say("A code has 4 to 12 letters and digits, like this: CLAIM 482913. Nothing was done or posted.")


def claimed(site: str, name: str) -> str:
    undoing = say("HELP for help, STOP to end, SIGNOUT to undo.")
    return sentences(say("{site}: this phone is {name}'s now.", site=site, name=name), terms(undoing))


def prove_phone(site: str, name: str, code: str) -> str:
    """Asked of a phone whose number was typed elsewhere, before anything else goes there."""
    question = say(
        "{site}: does this phone belong to {name}? Reply {code} to get texts here. If not, ignore this.",
        site=site,
        name=name,
        code=code,
    )
    return sentences(question, say("Msg&data rates may apply."), say("HELP for help, STOP to end."))


def sign_out_first(name: str) -> str:
    return say("This phone is {name}'s. Text SIGNOUT first, then claim again.", name=name)


def signed_out(name: str, ask: str, *, elsewhere: bool) -> str:
    """``elsewhere``: the account has another phone or mailbox in use."""
    if elsewhere:
        done = say("This phone is detached from {name}.", name=name)
    else:
        done = say("This phone is detached from {name}, which has no other phone or mailbox.", name=name)
    return sentences(done, say("Ask {ask} for a CLAIM code to come back.", ask=ask))


def signed_out_for_good() -> str:
    return say("This phone is forgotten here: it follows nobody any more.")


def suspended(contact: str) -> str:
    return sentences(say("Your account is suspended."), say("Ask {ask}.", ask=contact) if contact else "")


def slow_down(limit: int) -> str:
    return say(
        "More than {limit} messages in a minute are too many. The last ones were not read. Please wait a little.",
        limit=limit,
    )


# ---- what reaches you


def texts_on() -> str:
    return say("Texts are on. OFF pauses them.")


def texts_off() -> str:
    return say("Texts are off. ON brings them back; you can still post and ask.")


def texts_of(name: str, *, on: bool) -> str:
    if on:
        return say("{name}'s posts come by text now.", name=name)
    return say("{name}'s posts come by text no longer. You still follow.", name=name)


def mail_on(*, flushed: bool = False) -> str:
    """``flushed``: what has waited for a digest comes now. So it is in the next two."""
    return sentences(say("Posts come by mail now, each at once. EMAIL OFF ends that."), _flushed() if flushed else "")


def mail_hourly(*, flushed: bool = False) -> str:
    return sentences(
        say("Posts come in one mail an hour. Direct messages and mentions come at once."),
        say("EMAIL ON ends that."),
        _flushed() if flushed else "",
    )


def mail_daily(hour: int, place: str, *, flushed: bool = False) -> str:
    """``place``: whose clocks show the hour."""
    return sentences(
        say(
            "Posts come in one mail a day at {hour}:00, {place} time. Direct messages and mentions come at once.",
            hour=hour,
            place=place,
        ),
        _flushed() if flushed else say("EMAIL ON ends that."),
    )


def _flushed() -> str:
    return say("What has waited comes now.")


def what_daily_takes() -> str:
    return say("EMAIL DAILY takes a full hour, 0 to 23: EMAIL DAILY 18. Nothing was done or posted.")


def mail_off() -> str:
    return say("No more posts by mail. EMAIL ON brings them back.")


def mail_off_texts_on() -> str:
    """Mailed to who has a phone that still gets posts."""
    more = say("Your phone still gets texts: text STOP from it, or answer OFF to this mail, to end those too.")
    return sentences(mail_off(), more)


def no_phone(ask: str) -> str:
    return say(
        "No phone is joined to your account. Ask {ask} for a code, then text CLAIM and the code from your phone.",
        ask=ask,
    )


def no_mail(ask: str) -> str:
    return say(
        "You have no confirmed mail address. LOGIN leads to the site, where Settings adds one; or ask {ask}.", ask=ask
    )


def unsubscribed(name: str) -> str:
    return say("You get no more mails of {name}'s posts.", name=name)


def mails_again(name: str) -> str:
    return say("{name}'s posts come by mail now.", name=name)


# ---- what does not work


def phone_unreachable(site: str) -> str:
    return say(
        "{site}: your phone could not be reached, so we stopped using it. Write to us from it to turn it on again.",
        site=site,
    )


# ---- letters


def posting_letter_subject(site: str) -> str:
    return say("Post to {site} by mail", site=site)


def posting_letter(site: str, name: str, address: str) -> str:
    """How somebody with a mailbox learns where to mail posts to."""
    return say(
        "Hello {name},\n\n"
        "whatever you mail to this address is posted on {site} in your name:\n\n{address}\n\n"
        "Keep it in your address book and to yourself: whoever knows it can post as you.\n",
        name=name,
        site=site,
        address=address,
    )
