"""Answers about what one listens to: words, tags, groups."""

from gateway.domain.reply_form import counted


def tracked(what: str) -> str:
    """``what`` is a word or a ``#tag``."""
    return f"Posts with {what} come to you now. UNTRACK {what} ends it."


def tracked_already(what: str) -> str:
    return f"You track {what} already. UNTRACK {what} ends it."


def too_many_tracks(limit: int) -> str:
    return f"You track {limit} words and tags, and more are too many. UNTRACK one first."


def not_one_word() -> str:
    return "TRACK takes one word, of letters and digits, or one #tag. Nothing was posted."


def not_tracked(what: str) -> str:
    return f"You do not track {what}. TRACKS lists what you do."


def untracked(what: str) -> str:
    return f"You no longer track {what}."


def untracked_all(number: int) -> str:
    return f"You no longer track {counted(number, 'word')}." if number else no_tracks()


def no_tracks() -> str:
    return "You track nothing yet. TRACK word begins."


def tag_followed(tag: str) -> str:
    return f"You follow #{tag} now. LEAVE #{tag} ends it."


def tag_followed_already(tag: str) -> str:
    return f"You follow #{tag} already. LEAVE #{tag} ends it."


def tag_left(tag: str) -> str:
    return f"You no longer follow #{tag}."


def tag_not_followed(tag: str) -> str:
    return f"You do not follow #{tag}."


def unsubscribed_from(key: str) -> str:
    """``key`` is a word, a ``#tag`` or a ``!group``."""
    return f"You get no more mails for {key}."


# ---- groups


def group_joined(group: str, members: int) -> str:
    return (
        f"You are in !{group} now, of {counted(members, 'member')}. !{group} text writes to it, LEAVE !{group} ends it."
    )


def group_founded(group: str) -> str:
    return f"You founded !{group}. Others JOIN !{group} too; !{group} text writes to all in it."


def already_in_group(group: str) -> str:
    return f"You are in !{group} already. LEAVE !{group} ends it."


def group_left(group: str) -> str:
    return f"You are not in !{group} any more."


def not_in_group(group: str) -> str:
    return f"You are not in !{group}."


def join_group_first(group: str) -> str:
    return f"You are not in !{group}, so nothing was posted. JOIN !{group} first."


def no_such_group(group: str, ask: str) -> str:
    return f"There is no group {group}. Ask {ask} for it."


def not_a_group() -> str:
    return "A group's name has 1 to 15 letters, digits or _, like !team_b. Nothing was done or posted."


def no_group_offer(group: str, minutes: int) -> str:
    return f"There is no group {group}, so nothing was posted. Reply Y within {minutes} minutes to post it as written."


def too_many_groups(limit: int) -> str:
    return f"You are in {limit} groups, and more are too many. LEAVE one first."


def no_groups() -> str:
    return "You are in no group yet. JOIN !group begins."


def written_to_group(group: str, members: int, *, protected: bool) -> str:
    """``members`` are the others. What a ``protected`` author writes reaches those of them alone who follow."""
    if members and protected:
        return f"Sent to your followers. Who is in !{group} and does not follow you does not get it: you are protected."
    return f"Sent to !{group} and your followers." if members else f"Posted. Nobody else is in !{group} yet."


# ---- lists


def track_list(total: int) -> str:
    """What the words and tags that somebody tracks stand behind."""
    return f"You track {total}: "


def group_list(total: int) -> str:
    """What the groups that somebody is in stand behind."""
    return f"You are in {counted(total, 'group')}: "
