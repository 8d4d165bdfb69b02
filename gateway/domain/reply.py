"""Every word that Birdwire answers a text or mail with, in one place, each in one SMS segment where it can.

All are in letters of the GSM alphabet, so that an answer to a name of fifteen characters costs one segment of 160.
"""

from collections.abc import Sequence

from gateway.domain.sms_text import is_gsm

SEGMENT = 160
"""Characters of the GSM alphabet that one SMS holds."""

# ---- consent


def joined(site: str, name: str) -> str:
    """The confirmation that carriers ask for after an opt-in: programme, frequency, rates, HELP, STOP."""
    return (
        f"{site}: you are {name}. Text anything to post it. Msg frequency varies. Msg&data rates may apply. "
        "HELP for help, STOP to end."
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


def not_your_mail() -> str:
    return "This mail address belongs to nobody here. Write to your own posting address."


# ---- account


def already_named(name: str) -> str:
    return f"You are {name} already. NAME newname changes it."


def name_taken(name: str) -> str:
    return f"{name} is taken. Please try another name."


def not_a_name() -> str:
    return "A name has 1 to 15 letters, digits or _. Please try another one."


def registration_closed(mode: str, ask: str) -> str:
    match mode:
        case "invite":
            return f"Signing up here takes an invitation. Ask {ask}."
        case "domains":
            return f"Signing up here takes a mail address of this community. Ask {ask}."
        case _:
            return f"Nobody can sign up here by text. Ask {ask}."


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


def claimed(site: str, name: str) -> str:
    return (
        f"{site}: this phone is {name}'s now. Msg frequency varies. Msg&data rates may apply. "
        "HELP for help, STOP to end, SIGNOUT to undo."
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


def mail_on() -> str:
    return "Posts come by mail now. EMAIL OFF ends that."


def mail_off() -> str:
    return "No more posts by mail. EMAIL ON brings them back."


def no_phone(ask: str) -> str:
    return f"No phone is joined to your account. Ask {ask} for a code, then text CLAIM and the code from your phone."


def no_mail(ask: str) -> str:
    return f"You have no confirmed mail address. Ask {ask} to add one."


def unsubscribed(name: str) -> str:
    return f"You get no more mails of {name}'s posts."


# ---- following


def nobody(name: str) -> str:
    return f"Nobody here is called {name}."


def nobody_offer(name: str, minutes: int) -> str:
    return (
        f"Nobody here is called {name}, so nothing was posted. Reply Y within {minutes} minutes to post it as written."
    )


def protected_join_first(name: str, ask: str) -> str:
    how = f"Ask {ask} for an account" if ask else "Text JOIN yourname to sign up"
    return f"{name} is protected. {how}, then FOLLOW {name} asks them."


def protected_from_you(name: str) -> str:
    return f"{name}'s posts are protected. FOLLOW {name} asks to read them."


def following(name: str, *, texts: bool) -> str:
    return f"You follow {name} now{' by text' if texts else ''}. LEAVE {name} ends it."


def requested(name: str) -> str:
    return f"{name} is protected and was asked. You hear when they accept."


def already_requested(name: str) -> str:
    return f"You asked {name} before. You hear when they accept."


def already_following(name: str) -> str:
    return f"You follow {name} already."


def no_longer_muted(name: str) -> str:
    return f"You follow {name} already, and {name} is not muted any more."


def not_oneself() -> str:
    return "That is you."


def you_block(name: str) -> str:
    return f"You block {name}. UNBLOCK {name} first."


def too_many_follows(limit: int) -> str:
    return f"More than {limit} new followings in a day are too many. Please go on tomorrow."


def left(name: str) -> str:
    return f"You no longer follow {name}."


def not_following(name: str) -> str:
    return f"You do not follow {name}."


def asks_to_follow(name: str) -> str:
    """Told to the owner of a protected account."""
    return f"{name} asks to follow you. ACCEPT {name} or DENY {name}."


def was_accepted(name: str) -> str:
    """Told to who asked."""
    return f"{name} accepted: you follow {name} now."


def accepted(name: str) -> str:
    return f"{name} follows you now."


def accepted_all(count: int) -> str:
    return f"{_count(count, 'request')} accepted." if count else no_requests()


def denied(name: str) -> str:
    return f"{name}'s request is refused."


def denied_all(count: int) -> str:
    return f"{_count(count, 'request')} refused." if count else no_requests()


def no_request(name: str) -> str:
    return f"{name} did not ask to follow you."


def no_requests() -> str:
    return "Nobody asks to follow you."


def requests(names: Sequence[str], *, more: bool) -> str:
    return listed("Asking to follow you: ", names, more=more, end=". ACCEPT or DENY name, or ALL.")


def lost(name: str) -> str:
    return f"{name} follows you no longer."


def does_not_follow(name: str) -> str:
    return f"{name} does not follow you."


def blocked(name: str) -> str:
    return f"{name} is blocked: neither of you sees or follows the other. UNBLOCK {name} lifts it."


def unblocked(name: str) -> str:
    return f"{name} is not blocked any more."


def not_blocked(name: str) -> str:
    return f"You do not block {name}."


def muted(name: str) -> str:
    return f"{name} is muted and will not know. ON {name} lifts it."


def protected() -> str:
    return "Your posts are protected now: only followers you accept see them. PUBLIC lifts it."


def already_protected() -> str:
    return "Your posts are protected already. PUBLIC lifts it."


def public() -> str:
    return "Your posts are public now: everyone can read them. PROTECT ends that."


def already_public() -> str:
    return "Your posts are public already. PROTECT changes it."


def follow_list(names: Sequence[str], total: int) -> str:
    if not total:
        return "You follow nobody yet. FOLLOW name begins."
    return listed(f"You follow {total}: ", names, more=total > len(names))


def follower_list(names: Sequence[str], total: int) -> str:
    """``names`` are the first of those who have one."""
    if not total:
        return "Nobody follows you yet."
    if not names:
        return f"{_count(total, 'follower')}, by phone only."
    return listed(f"{_count(total, 'follower')}: ", names, more=total > len(names))


# ---- posts


def empty() -> str:
    return "That was empty: nothing was posted. Text HELP to see what you can do."


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
    return f"That is {_count(over, 'character')} over 140. Nothing was posted."


def with_text(answer: str, text: str) -> str:
    """A refusal that gives the text back."""
    return f"{answer} Your text: {text}"


def duplicate() -> str:
    return "You posted the same words a moment ago. They are posted once."


def too_many_posts(limit: int) -> str:
    return f"More than {limit} posts in an hour are too many. Nothing was posted. Please wait a little."


def nothing_offered() -> str:
    return "There is nothing to say Y to any more. Nothing was posted."


def direct_sent(name: str, parts: int = 1, *, reached: bool = True) -> str:
    """``reached``: it goes to a phone or mailbox of theirs."""
    how = f", in {parts} parts" if parts > 1 else ""
    finds = "" if reached else f" {name} gets no texts or mails now and finds it with INBOX."
    return f"Sent to {name} alone{how}.{finds}"


def direct_too_long(over: int) -> str:
    return f"That is {_count(over, 'character')} over 140. Nothing was sent."


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
    return _cut(f"Deleted: {text}") if text else "Your last repost is taken back."


def undone_unsaid() -> str:
    """The words are not told to just anyone who could have asked."""
    return "Your last post is deleted."


def undone_too_late(name: str, text: str) -> str:
    """A direct message that went out before it was deleted."""
    return _cut(f"It had gone out to {name} already. Deleted here: {text}")


def nothing_to_undo() -> str:
    return "You have no post to delete."


# ---- reading


def post(name: str, text: str) -> str:
    return f"{name}: {text}"


def whois(name: str, bio: str, counts: tuple[int, int], link: str, *, protected: bool) -> str:
    """``counts`` are posts and followers. The self-description is cut so that the rest stays whole."""
    posts, followers = counts
    shield = ", protected" if protected else ""
    tail = f"{_count(posts, 'post')}, {_count(followers, 'follower')}{shield}. {link}"
    if not bio:
        return f"{name}: {tail}"
    room = SEGMENT - len(f"{name}:  {tail}")
    return f"{name}: {_cut(' '.join(bio.split()), room)} {tail}" if room > 20 else f"{name}: {tail}"


def stats(name: str, posts: int, followers: int, following: int) -> str:
    return f"{name}: {_count(posts, 'post')}, {_count(followers, 'follower')}, following {following}."


def inbox(messages: Sequence[tuple[str, str]]) -> str:
    """Direct messages as (name, text), newest first: the newest whole, then as many as fit."""
    if not messages:
        return "You have no direct messages."
    answer = ""
    for name, text in messages:
        line = f"{name}: {text}"
        if answer and len(answer) + 1 + len(line) > SEGMENT:
            break
        answer = f"{answer}\n{line}".strip()
    return answer


def not_offered(word: str) -> str:
    return f"This site does not offer {word} yet. Nothing was posted; POST and your words posts anything."


# ---- how it is put


def listed(start: str, names: Sequence[str], *, more: bool, end: str = "") -> str:
    """Names after each other, as many as fit into one SMS; "..." tells that there are more."""
    words = ""
    for i, name in enumerate(names):
        longer = f"{words}, {name}" if words else name
        last = i == len(names) - 1 and not more
        if len(start + longer + ("" if last else ", ...") + end) > SEGMENT:
            more = True
            break
        words = longer
    return f"{start}{words}{', ...' if more else ''}{end}"


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _attachments(count: int) -> str:
    return "The attachment was" if count == 1 else f"{count} attachments were"


def _cut(text: str, room: int = SEGMENT) -> str:
    return text if len(text) <= room else text[: room - 3].rstrip() + "..."


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
