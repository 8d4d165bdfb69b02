"""Answers about people: who follows, blocks and mutes whom, and who may read what."""

from gateway.domain.speech import counted, say


def nobody(name: str) -> str:
    return say("Nobody here is called {name}.", name=name)


def nobody_offer(name: str, minutes: int) -> str:
    return say(
        "Nobody here is called {name}, so nothing was posted. Reply Y within {minutes} minutes to post it as written.",
        name=name,
        minutes=minutes,
    )


def protected_join_first(name: str, ask: str) -> str:
    if ask:
        return say("{name} is protected. Ask {ask} for an account, then FOLLOW {name} asks them.", name=name, ask=ask)
    return say("{name} is protected. Text JOIN yourname to sign up, then FOLLOW {name} asks them.", name=name)


def protected_from_you(name: str) -> str:
    return say("{name}'s posts are protected. FOLLOW {name} asks to read them.", name=name)


def following(name: str, *, texts: bool) -> str:
    if texts:
        return say("You follow {name} now by text. LEAVE {name} ends it.", name=name)
    return say("You follow {name} now. LEAVE {name} ends it.", name=name)


def requested(name: str) -> str:
    return say("{name} is protected and was asked. You hear when they accept.", name=name)


def already_requested(name: str) -> str:
    return say("You asked {name} before. You hear when they accept.", name=name)


def already_following(name: str) -> str:
    return say("You follow {name} already.", name=name)


def no_longer_muted(name: str) -> str:
    return say("You follow {name} already, and {name} is not muted any more.", name=name)


def not_oneself() -> str:
    return say("That is you.")


def you_block(name: str) -> str:
    return say("You block {name}. UNBLOCK {name} first.", name=name)


def too_many_follows(limit: int) -> str:
    return say("More than {limit} new followings in a day are too many. Please go on tomorrow.", limit=limit)


def left(name: str) -> str:
    return say("You no longer follow {name}.", name=name)


def not_following(name: str) -> str:
    return say("You do not follow {name}.", name=name)


def asks_to_follow(name: str) -> str:
    """Told to the owner of a protected account."""
    return say("{name} asks to follow you. ACCEPT {name} or DENY {name}.", name=name)


def accept_or_deny(name: str) -> str:
    """Whoever answers the mail that tells of a request, in other words."""
    return say("Answer ACCEPT or DENY: may {name} follow you? Nothing was posted.", name=name)


def was_accepted(name: str) -> str:
    """Told to who asked."""
    return say("{name} accepted: you follow {name} now.", name=name)


def accepted(name: str) -> str:
    return say("{name} follows you now.", name=name)


def accepted_all(count: int) -> str:
    return counted("{n} request accepted.", "{n} requests accepted.", count) if count else no_requests()


def denied(name: str) -> str:
    return say("{name}'s request is refused.", name=name)


def denied_all(count: int) -> str:
    return counted("{n} request refused.", "{n} requests refused.", count) if count else no_requests()


def no_request(name: str) -> str:
    return say("{name} did not ask to follow you.", name=name)


def no_requests() -> str:
    return say("Nobody asks to follow you.")


def request_list() -> str:
    """What the names of those who ask stand behind."""
    return say("Asking to follow you (ACCEPT or DENY name, or ALL):") + " "


def lost(name: str) -> str:
    return say("{name} follows you no longer.", name=name)


def does_not_follow(name: str) -> str:
    return say("{name} does not follow you.", name=name)


def blocked(name: str) -> str:
    return say("{name} is blocked: neither of you sees or follows the other. UNBLOCK {name} lifts it.", name=name)


def unblocked(name: str) -> str:
    return say("{name} is not blocked any more.", name=name)


def not_blocked(name: str) -> str:
    return say("You do not block {name}.", name=name)


def muted(name: str) -> str:
    return say(
        "{name} is muted and will not know. What {name} writes to you alone waits in INBOX. UNMUTE {name} lifts it.",
        name=name,
    )


def unmuted(name: str) -> str:
    return say("{name} is not muted any more.", name=name)


def not_muted(name: str) -> str:
    return say("You have not muted {name}.", name=name)


def protected() -> str:
    return say("Your posts are protected now: only followers you accept see them. PUBLIC lifts it.")


def already_protected() -> str:
    return say("Your posts are protected already. PUBLIC lifts it.")


def public() -> str:
    return say("Your posts are public now: everyone can read them. PROTECT ends that.")


def already_public() -> str:
    return say("Your posts are public already. PROTECT changes it.")


def follows_nobody() -> str:
    return say("You follow nobody yet. FOLLOW name begins.")


def follow_list(total: int) -> str:
    """What the names of whom somebody follows stand behind."""
    return say("You follow {total}:", total=total) + " "


def nobody_follows() -> str:
    return say("Nobody follows you yet.")


def only_phones_follow(total: int) -> str:
    return counted("{n} follower, by phone only.", "{n} followers, by phone only.", total)


def follower_list(total: int) -> str:
    """What the names of followers stand behind."""
    return counted("{n} follower:", "{n} followers:", total) + " "
