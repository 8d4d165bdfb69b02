"""EMAIL ON from elsewhere than a mailbox that is stopped: a code is mailed there, and must come back from who asked.

Who has the phone need not have the mailbox any more, and somebody else may have it now. So one mail goes there, which
asks; whoever reads it decides.
"""

from datetime import timedelta

from gateway.domain import reply, reply_mail
from gateway.service import echoing, mailboxes, notify
from gateway.service.answering.asked import Asked
from store import addresses, consents
from store.accounts import AccountRow

KIND = "mailbox"
"""The kind of question (``store.offers``); its words are the mailbox's address id."""

_DAY = timedelta(days=1)


async def ask(asked: Asked, me: AccountRow) -> str | None:
    """Mail a code to the account's stopped mailbox; None if it has none."""
    stopped = await mailboxes.stopped(asked.unit, me.id)
    if not stopped:
        return None
    if not asked.from_their_own:
        return reply.only_from_your_own()
    box, limits, whose = stopped[0], asked.site.limits, f"for {me.id}"
    if await consents.count_asked(asked.unit, box.address, whose, since=asked.now - _DAY) >= limits.codes_per_day:
        return reply_mail.too_many_codes()
    code = asked.new_code()
    await echoing.ask(asked.unit, asked.site, asked.address.id, KIND, str(box.id), code, now=asked.now)
    await notify.tell(
        asked.unit,
        box.id,
        reply_mail.code_letter(asked.site.name, me.name or "", code),
        subject=reply_mail.code_letter_subject(asked.site.name, code),
        answers=True,
        now=asked.now,
    )
    how = str(asked.told.channel)
    await consents.add(asked.unit, box.address, action="asked", how=how, words=whose, now=asked.now)
    return reply_mail.code_mailed(box.address)


async def take(asked: Asked, me: AccountRow, address_id: int) -> str:
    """The code came back: mails go to that mailbox again, if it is still theirs."""
    box = await addresses.by_id(asked.unit, address_id)
    if box is None or box.owner_id != me.id:
        return reply.no_mail(asked.operator)
    await mailboxes.resume(asked.unit, asked.site, box, now=asked.now)
    return reply_mail.mails_go_on()
