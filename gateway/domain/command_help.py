"""The table of commands in words: what HELP answers, and the reference in ``docs/commands.md``."""

import re

from gateway.domain.command_table import CHAPTERS, TABLE, CommandForm
from gateway.domain.sms_text import segments
from gateway.domain.speech import mark, say

_FIRST_TO_KNOW = ("FOLLOW", "LEAVE", "D", "R", "GET", "WHOIS", "UNDO", "OFF", "ON", "STOP")

_PLACES = frozenset(
    (
        mark("name"),
        mark("text"),
        mark("word"),
        mark("words"),
        mark("code"),
        mark("address"),
        mark("hours"),
        mark("hour"),
        mark("question"),
        mark("command"),
        mark("group"),
        mark("tag"),
    )
)
"""What the small letters of a form stand for."""

_PLACE = re.compile("[a-z]+")

_INTRODUCTION = """\
# Commands

Text these to the site's number, or write them as a mail to your posting address.

A message is a command only when the **whole** message fits a form below; everything else is a post. `get milk` fits
`GET name`, `follow me home` fits nothing. When a form fits but nobody bears the name, nothing is posted: the answer
says so and offers `Y`, which posts it as it was written. `POST text` always posts.

- Capitals, space at both ends and one final `.` or `!` don't matter; runs of white space count as one space.
- `HELP?` is `HELP`, too.
- A name has 1 to 15 letters, digits and `_`; `@` before it is allowed. Small letters in a form stand for something,
  `|` is a choice, what is in brackets may be left out.
- The text that a command carries is kept as it was written, line breaks included.
- What begins with the word `D` or `DM` and has more behind it is never posted: it goes to one person, or the answer
  says why not. `D: amy hi`, `D amy: hi`, `D amy,hi` and the like are read as `D amy hi`, in quotation marks as well.
  `M` does the same, without them, where a name can be read behind it (`M is for mother` is no post).
- `D name` without a text is no post: the answer asks for the text. So it is with a bare `R`.
- `R thanks a lot` answers the last post you got, unless somebody is called thanks. `R @thanks …` always means a name.
  `R: thanks` is the same as `R thanks`.
- `STOP bob` is `LEAVE bob` where somebody is called that; else it is a post, as `stop it` is. `STOP #tag` and
  `STOP !group` are `LEAVE #tag` and `LEAVE !group` for whoever follows that tag or is in that group.
- `N` or `NO` after a question of ours leaves what was offered; where nothing was, it is a post.
- A heart or a thumb that a phone sends as a text (`Liked "bob: hello"`) is never posted where it quotes a text
  of ours or a direct message, in whatever language. If it likes the last that came from bob, it means `FAV bob`.
- `JOIN`, `NAME` and `CLAIM` with one word behind them, and `JOIN` and `LEAVE` with `!` and one word, are no posts,
  whatever that word is: the answer says what would do, and offers `Y` as well. `join us tonight` is a post.
- A word that needs a name and stands alone (`GET`, `FOLLOW`, `BLOCK`) is a post.
- A number of 4 to 8 digits is the answer to a code that was sent to you; when none was within a day, it is a post.
- `STOP` and its like, `START`, `HELP` and `DELETE ME` are also understood in quotation marks. They count only when
  they are the whole message.
- Whoever does not know `STOP` is understood, too: a message that says nothing but "stop texting me", "please
  unsubscribe", "remove me from your list" or the like counts as `STOP`, and so does the word for it in other languages,
  such as `STOPP`, `ARRET`, `ALTO` or `PARAR`. With anything else around it, it is a post; so is what follows `POST`.
- `STOP` by mail stops the mails. The texts of a phone go on until it says `STOP` itself, or you say `OFF`; the answer
  tells you so.
- Words from a phone that is not signed up go nowhere, and the answer says how to sign up: ten times a day at the most,
  for a machine might answer that; the tenth says that it is the last. So it is with a phone that lacks its PIN.
- After `STOP` nothing is done for that phone until `START`, as nothing could be answered; only `HELP` is.
- By mail, `INBOX`, `FOLLOWERS`, `FOLLOWING`, `REQUESTS` and what is protected are told only to a mailbox that is known
  as yours. A mail that answers a post from anywhere else is taken as an answer, and not for commands.
- `TRACK` compares whole words without case and accents, and `TRACK #tag` is the same as `FOLLOW #tag`. Nothing comes
  across a block or a mute, and of a protected account only to whom it accepted.
- `MUTE bob` ends all that comes from bob by text and mail: posts, mentions, reposts of what bob wrote, nudges, and
  direct messages, which wait in `INBOX` and on the site. bob is not told. Only a request to follow you still comes, for
  it asks for an answer. `UNMUTE bob` lifts it; so do `ON bob` and `FOLLOW bob`.
- `SEARCH` takes several words and finds the newest posts that have all of them, compared in the same way.
- A list shows its first entries, and says how many there are where that is known. `MORE` goes on with it, for an hour.
- What is written to a group is a post like others: it reaches the members of the group and the writer's followers. Who
  is no member cannot write to it.
- `VOTE 2` chooses in the last poll that you got or asked. It counts once, and may be changed until the poll is closed:
  by its author, or after a day. Then all who voted get the result. `R` and a mail's answer to the poll are no votes.
  Where the poll was the last that came to a phone, `2` alone is a vote from there.
- Once you have a PIN, every text from your phone begins with it: `4821 hello`, `4821 GET bob` (or `PIN 4821 hello`).
  `4821 PIN 1357` changes it and `4821 PIN OFF` ends it. `STOP`, `START`, `HELP` and codes that were sent to you need
  none, and `STOP` is heard behind a wrong one, too. After five wrong PINs nothing is done for ten minutes. Mail needs
  no PIN.
- `SLEEP 22-7` goes by the time zone of your account, else by that of your number where its country or area has one
  alone, else by the site's. The answer names it.
- `NUDGE` reaches who follows you, once a day. `INVITE` answers with a text for you to pass on; nobody else is texted,
  even where a phone number stands behind it.
- `EMAIL DAILY` and `EMAIL HOURLY` put posts together; direct messages and mentions still come at once. Nothing is sent
  when nothing was posted. What has waited comes at once when you change it, in one last mail, and never after
  `EMAIL OFF`. The hour is one of your own clocks: `18`, `18:00` or `6pm`.
- Mails of one person's posts that you stopped by the link in one of them stay stopped until you say `FOLLOW name` or
  `ON name` by mail, or switch them on at the site. `FOLLOW name` by text brings texts alone. By mail, from who has no
  phone here, `ON name` and `OFF name` are about mails.
"""


def help_text(topic: str | None, link: str) -> str:
    """The answer to HELP, or to HELP and a word of the table: GSM text that fits one SMS segment together with
    ``link`` (where more can be read, at most 60 characters), its end. A word that the table lacks is as good as None.
    """
    explained = [_explained(row) for row in TABLE if topic in row.words]
    if explained:
        return _fitting(explained, link)
    shown = [_one_way(row) for word in _FIRST_TO_KNOW for row in TABLE if row.words[0] == word]
    return _fitting([say("Text to post"), *shown], link, between=", ")


def form(row: CommandForm) -> str:
    """How a command is written, e.g. ``FOLLOW name``; its small letters are in the language of the moment."""
    return _PLACE.sub(lambda found: say(found[0]) if found[0] in _PLACES else found[0], row.form)


def reference() -> str:
    """The whole of ``docs/commands.md``."""
    return _INTRODUCTION + "".join(_chapter(title, rows) for title, rows in CHAPTERS.items())


def _fitting(pieces: list[str], link: str, between: str = ". ") -> str:
    """As many of the pieces as fit one segment with the link, at least the first."""
    for count in range(len(pieces), 1, -1):
        words = f"{between.join(pieces[:count])}. {link}"
        if segments(words) == 1:
            return words
    return f"{pieces[0]}. {link}"


def _explained(row: CommandForm) -> str:
    others = [word for word in row.words[1:] if " " not in word and "-" not in word]
    words = _one_way(row)
    if others:
        words = say("{form} (or {others})", form=words, others=" ".join(others))
    says = say(row.help)
    return f"{words}: {says}"


def _one_way(row: CommandForm) -> str:
    """The form in letters that take one place each: brackets and ``|`` take two on SMS."""
    either = say("or")
    return form(row).replace("|", either).replace("[", "(").replace("]", ")")


def _chapter(title: str, rows: tuple[CommandForm, ...]) -> str:
    lines = [f"\n## {title}\n", "| Form | Also | What it does | For example |", "|---|---|---|---|"]
    lines += [_line(row) for row in rows]
    return "\n".join(lines) + "\n"


def _line(row: CommandForm) -> str:
    also = ", ".join(f"`{word}`" for word in row.words[1:])
    return f"| `{row.form.replace('|', chr(92) + '|')}` | {also} | {row.help} | `{row.example}` |"
