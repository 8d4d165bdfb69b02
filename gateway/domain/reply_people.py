"""Answers about people: who follows, blocks and mutes whom, and who may read what."""

from gateway.domain.reply_form import counted


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


def accept_or_deny(name: str) -> str:
    """Whoever answers the mail that tells of a request, in other words."""
    return f"Answer ACCEPT or DENY: may {name} follow you? Nothing was posted."


def was_accepted(name: str) -> str:
    """Told to who asked."""
    return f"{name} accepted: you follow {name} now."


def accepted(name: str) -> str:
    return f"{name} follows you now."


def accepted_all(count: int) -> str:
    return f"{counted(count, 'request')} accepted." if count else no_requests()


def denied(name: str) -> str:
    return f"{name}'s request is refused."


def denied_all(count: int) -> str:
    return f"{counted(count, 'request')} refused." if count else no_requests()


def no_request(name: str) -> str:
    return f"{name} did not ask to follow you."


def no_requests() -> str:
    return "Nobody asks to follow you."


def request_list() -> str:
    """What the names of those who ask stand behind."""
    return "Asking to follow you (ACCEPT or DENY name, or ALL): "


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


def follows_nobody() -> str:
    return "You follow nobody yet. FOLLOW name begins."


def follow_list(total: int) -> str:
    """What the names of whom somebody follows stand behind."""
    return f"You follow {total}: "


def nobody_follows() -> str:
    return "Nobody follows you yet."


def only_phones_follow(total: int) -> str:
    return f"{counted(total, 'follower')}, by phone only."


def follower_list(total: int) -> str:
    """What the names of followers stand behind."""
    return f"{counted(total, 'follower')}: "
