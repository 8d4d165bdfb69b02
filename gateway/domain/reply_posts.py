"""Answers to what was written: posts, direct messages, answers, reposts, and taking words back."""

from gateway.domain.reply_form import cut, sentences
from gateway.domain.sms_text import is_gsm
from gateway.domain.speech import counted, say


def empty() -> str:
    return say("That was empty: nothing was posted. HELP shows what you can do.")


def only_quoted() -> str:
    """All that a mail said was cut off as a quote or a signature."""
    return say(
        "There was nothing but a quote or a signature in that, so nothing was posted. Please write above the quote."
    )


def sealed() -> str:
    return say("Your mail is encrypted and cannot be read here, so nothing was posted. Please send it unencrypted.")


def only_attachments(count: int) -> str:
    return counted(
        "The attachment was left out and no words remained, so nothing was posted.",
        "{n} attachments were left out and no words remained, so nothing was posted.",
        count,
    )


def with_attachments(count: int, answer: str) -> str:
    """``answer`` after a word about what was left behind."""
    left_out = counted(
        "The attachment was left out, as only text is taken.",
        "{n} attachments were left out, as only text is taken.",
        count,
    )
    return sentences(left_out, answer)


def parts_missing(came: int, total: int) -> str:
    return say(
        "Only {came} of the {total} parts of your text arrived, so nothing was done. Please send it again.",
        came=came,
        total=total,
    )


def posted() -> str:
    return say("Posted.")


def posted_cut(link: str) -> str:
    return say("Posted, but over 140 characters: others get the beginning and a link to the whole. {link}", link=link)


def posted_split(count: int) -> str:
    return say("Posted in {count} parts, as it has over 140 characters.", count=count)


def too_long(over: int) -> str:
    return counted(
        "That is {n} character over 140. Nothing was posted.",
        "That is {n} characters over 140. Nothing was posted.",
        over,
    )


def schedule_refused(site: str, answer: str) -> str:
    """``answer`` says why."""
    return sentences(say("{site}: your scheduled post did not go out.", site=site), answer)


def with_text(answer: str, text: str) -> str:
    """A refusal that gives the text back."""
    return say("{answer} Your text: {text}", answer=answer, text=text)


def duplicate() -> str:
    return say("You posted the same words a moment ago. They are posted once.")


def said_before(times: int) -> str:
    """To who answers by mail what they answered there so often already."""
    return counted(
        "You answered the same here {n} time already. Nothing was sent. Please use other words.",
        "You answered the same here {n} times already. Nothing was sent. Please use other words.",
        times,
    )


def too_many_posts(limit: int) -> str:
    return say(
        "More than {limit} posts in an hour are too many. Nothing was posted. Please wait a little.",
        limit=limit,
    )


def or_post(answer: str, minutes: int) -> str:
    """``answer`` to a command that failed, where the words may have been meant as a post."""
    return say("{answer} Reply Y within {minutes} minutes to post it as written.", answer=answer, minutes=minutes)


def nothing_offered() -> str:
    return say("There is nothing to say Y to any more. Nothing was posted.")


def declined() -> str:
    return say("All right. Nothing was done or posted.")


def only_the_last_by_reaction(name: str) -> str:
    return say(
        "Nothing was posted or marked: FAV {name} marks the last post of {name}, R {name} text answers.", name=name
    )


def only_quotes_a_text(name: str) -> str:
    """To a few words around a text that came: hearts are sent so in many languages. ``name`` is who wrote that, empty
    if nobody did whom the reader may know of."""
    how = say("FAV {name} marks the last post of {name}.", name=name) if name else ""
    return sentences(
        say("Nothing was posted: that quotes a text you got, as hearts do."), how, say("POST and your words posts it.")
    )


def direct_sent(name: str, parts: int = 1, *, reached: bool = True, muted: bool = False) -> str:
    """``reached``: it goes to a phone or mailbox of theirs; ``muted``: the sender wants to hear nothing of them."""
    if parts > 1:
        sent = say("Sent to {name} alone, in {parts} parts.", name=name, parts=parts)
    else:
        sent = say("Sent to {name} alone.", name=name)
    finds = say("{name} gets no texts or mails now and finds it with INBOX.", name=name)
    waits = say("You muted {name}, so an answer waits in INBOX.", name=name)
    return sentences(sent, *([] if reached else [finds]), *([waits] if muted else []))


def direct_too_long(over: int) -> str:
    return counted(
        "That is {n} character over 140. Nothing was sent.",
        "That is {n} characters over 140. Nothing was sent.",
        over,
    )


def direct_twice(name: str) -> str:
    return say("You sent {name} the same words a moment ago. They are sent once.", name=name)


def too_many_directs(limit: int) -> str:
    return say(
        "More than {limit} direct messages in an hour are too many. Nothing was sent. Please wait a little.",
        limit=limit,
    )


def direct_refused(name: str) -> str:
    return say(
        "{name} does not follow you, so you cannot send them direct messages. Nothing was sent or posted.",
        name=name,
    )


def direct_to_nobody(word: str) -> str:
    """``word`` stands where a name should, and may be anything."""
    name = word if len(word) <= 20 and is_gsm(word) else say("that")
    return say(
        "Nobody here is called {name}. Nothing was sent or posted; POST and your words posts anything.",
        name=name,
    )


def direct_without_text(name: str) -> str:
    return say("What shall {name} read? Text D {name} and your words. Nothing was posted.", name=name)


def reply_without_text() -> str:
    return say("What is your answer? Text R and your words. Nothing was posted.")


def answered(name: str) -> str:
    return say("Answered {name}.", name=name)


def nothing_to_answer() -> str:
    return say("There is no post to answer. R name text answers name's last one. Nothing was posted.")


def which_of_the_digest() -> str:
    """Whoever answers a mail with several posts."""
    return say("That mail had several posts, so nothing was posted. Use the Answer link below the one that you mean.")


def nothing_to_mark() -> str:
    return say("There is no post that this could mean. Add a name.")


def no_posts(name: str) -> str:
    return say("{name} has no posts that you can see.", name=name)


def reposted(name: str) -> str:
    return say("Reposted {name}'s post.", name=name)


def already_reposted(name: str) -> str:
    return say("You passed on that post of {name} before.", name=name)


def cannot_repost(name: str) -> str:
    return say("{name}'s posts are protected and cannot be passed on.", name=name)


def not_a_direct() -> str:
    return say("That was a direct message: it stays between you.")


def favoured(name: str) -> str:
    return say("{name}'s post is among your favourites.", name=name)


def undone(text: str) -> str:
    return cut(say("Deleted: {text}", text=text)) if text else say("Your last repost is taken back.")


def undone_unsaid() -> str:
    """The words are not told to just anyone who could have asked."""
    return say("Your last post is deleted.")


def undone_too_late(name: str, text: str) -> str:
    """A direct message that went out before it was deleted."""
    return cut(say("It had gone out to {name} already. Deleted here: {text}", name=name, text=text))


def nothing_to_undo() -> str:
    return say("You have no post to delete.")
