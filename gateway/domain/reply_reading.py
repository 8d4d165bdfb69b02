"""Answers to who reads by text: posts, people, numbers, messages."""

from gateway.domain.reply_form import SEGMENT, cut
from gateway.domain.speech import counted, say


def post(name: str, text: str) -> str:
    return f"{name}: {text}"


def whois(name: str, bio: str, counts: tuple[int, int], link: str, *, protected: bool) -> str:
    """``counts`` are posts and followers. The self-description is cut so that the rest stays whole."""
    posts, followers = counts
    numbers = [counted("{n} post", "{n} posts", posts), counted("{n} follower", "{n} followers", followers)]
    if protected:
        numbers.append(say("protected"))
    tail = f"{', '.join(numbers)}. {link}"
    if not bio:
        return f"{name}: {tail}"
    room = SEGMENT - len(f"{name}:  {tail}")
    return f"{name}: {cut(' '.join(bio.split()), room)} {tail}" if room > 20 else f"{name}: {tail}"


def stats(name: str, posts: int, followers: int, following: int) -> str:
    return say(
        "{name}: {posts}, {followers}, following {following}.",
        name=name,
        posts=counted("{n} post", "{n} posts", posts),
        followers=counted("{n} follower", "{n} followers", followers),
        following=following,
    )


def no_directs() -> str:
    return say("You have no direct messages.")


def more_of(total: int | None) -> str:
    """What stands behind messages of which there are more; ``total`` is how many there are, if that is known."""
    return "\n... MORE" if total is None else "\n" + say("... {total} in all, MORE", total=total)
