"""Answers about what one listens to: words, tags, groups."""

from gateway.domain.speech import counted, say


def tracked(what: str) -> str:
    """``what`` is a word or a ``#tag``."""
    return say("Posts with {what} come to you now. UNTRACK {what} ends it.", what=what)


def tracked_already(what: str) -> str:
    return say("You track {what} already. UNTRACK {what} ends it.", what=what)


def too_many_tracks(limit: int) -> str:
    return say("You track {limit} words and tags, and more are too many. UNTRACK one first.", limit=limit)


def not_one_word() -> str:
    return say("TRACK takes one word, of letters and digits, or one #tag. Nothing was posted.")


def not_tracked(what: str) -> str:
    return say("You do not track {what}. TRACKS lists what you do.", what=what)


def untracked(what: str) -> str:
    return say("You no longer track {what}.", what=what)


def untracked_all(number: int) -> str:
    if not number:
        return no_tracks()
    return counted("You no longer track {n} word.", "You no longer track {n} words.", number)


def no_tracks() -> str:
    return say("You track nothing yet. TRACK word begins.")


def tag_followed(tag: str) -> str:
    return say("You follow #{tag} now. LEAVE #{tag} ends it.", tag=tag)


def tag_followed_already(tag: str) -> str:
    return say("You follow #{tag} already. LEAVE #{tag} ends it.", tag=tag)


def tag_left(tag: str) -> str:
    return say("You no longer follow #{tag}.", tag=tag)


def tag_not_followed(tag: str) -> str:
    return say("You do not follow #{tag}.", tag=tag)


def texts_of_key(key: str, *, on: bool) -> str:
    """``key`` is a ``#tag`` or a ``!group``."""
    if on:
        return say("Posts for {key} come by text now. OFF {key} ends that.", key=key)
    return say("Posts for {key} come by text no longer. LEAVE {key} ends it altogether.", key=key)


def mails_of_key(key: str) -> str:
    """``key`` is a ``#tag`` or a ``!group``."""
    return say("Posts for {key} come by mail now. OFF {key} ends that.", key=key)


def unsubscribed_from(key: str) -> str:
    """``key`` is a word, a ``#tag`` or a ``!group``."""
    return say("You get no more mails for {key}.", key=key)


# ---- groups


def group_joined(group: str, members: int) -> str:
    return counted(
        "You are in !{group} now, of {n} member. !{group} text writes to it, LEAVE !{group} ends it.",
        "You are in !{group} now, of {n} members. !{group} text writes to it, LEAVE !{group} ends it.",
        members,
        group=group,
    )


def group_founded(group: str) -> str:
    return say("You founded !{group}. Others JOIN !{group} too; !{group} text writes to all in it.", group=group)


def already_in_group(group: str) -> str:
    return say("You are in !{group} already. LEAVE !{group} ends it.", group=group)


def group_left(group: str) -> str:
    return say("You are not in !{group} any more.", group=group)


def not_in_group(group: str) -> str:
    return say("You are not in !{group}.", group=group)


def join_group_first(group: str) -> str:
    return say("You are not in !{group}, so nothing was posted. JOIN !{group} first.", group=group)


def no_such_group(group: str, ask: str) -> str:
    return say("There is no group {group}. Ask {ask} for it.", group=group, ask=ask)


def not_a_group() -> str:
    return say("A group's name has 1 to 15 letters, digits or _, like !team_b. Nothing was done or posted.")


def no_group_offer(group: str, minutes: int) -> str:
    return say(
        "There is no group {group}, so nothing was posted. Reply Y within {minutes} minutes to post it as written.",
        group=group,
        minutes=minutes,
    )


def too_many_groups(limit: int) -> str:
    return say("You are in {limit} groups, and more are too many. LEAVE one first.", limit=limit)


def no_groups() -> str:
    return say("You are in no group yet. JOIN !group begins.")


def written_to_group(group: str, members: int, *, protected: bool) -> str:
    """``members`` are the others. What a ``protected`` author writes reaches those of them alone who follow."""
    if members and protected:
        return say(
            "Sent to your followers. Who is in !{group} and does not follow you does not get it: you are protected.",
            group=group,
        )
    if not members:
        return say("Posted. Nobody else is in !{group} yet.", group=group)
    return say("Sent to !{group} and your followers.", group=group)


# ---- lists


def track_list(total: int) -> str:
    """What the words and tags that somebody tracks stand behind."""
    return say("You track {total}:", total=total) + " "


def group_list(total: int) -> str:
    """What the groups that somebody is in stand behind."""
    return counted("You are in {n} group:", "You are in {n} groups:", total) + " "
