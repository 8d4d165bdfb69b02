"""What feedback reports lead to, and what those that anybody could have written do not."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.domain import reply_mail, unsubscribe
from gateway.domain.complaint import Complaint
from gateway.domain.token import Purpose
from gateway.domain.types import EmailMode
from gateway.domain.unsubscribe import AllMail, AuthorsMail
from gateway.service import complaints, digests, mailboxes
from gateway.service.complaints import Outcome
from store import accounts, follows
from tests.service.post_office import PostOffice

BOB = "bob@mail.example"


async def hears(office: PostOffice, *secrets: str, kind: str = "abuse", recipients: tuple[str, ...] = ()) -> Outcome:
    complaint = Complaint(kind, secrets, recipients)
    async with office.town.store.unit() as unit:
        return await complaints.record(unit, office.town.site, complaint, now=office.town.now)


async def stop_of(office: PostOffice) -> str:
    """What stands in bob's mails of alice."""
    alice, bob = await office.town.account("alice"), await office.town.account("bob")
    return f"unsubscribe+{unsubscribe.make(office.town.site.key, AuthorsMail(bob.id, alice.id))}"


async def gets_alice(office: PostOffice) -> bool | None:
    alice, bob = await office.town.account("alice"), await office.town.account("bob")
    async with office.town.store.reading() as reading:
        edge = await follows.edge(reading, alice.id, bob.id)
    assert edge is not None
    return edge.mail


@pytest.mark.parametrize("kind", ["abuse", "fraud", "virus", "other"])
@pytest.mark.parametrize("named_by", ["bounce", "reply", "delivery", "unsubscribe"])
async def test_a_complaint_stops_all_mails_to_the_mailbox_and_its_owner_is_told_by_text(
    office: PostOffice, kind: str, named_by: str
) -> None:
    delivery = await office.sends()
    secret = await stop_of(office) if named_by == "unsubscribe" else office.secret(Purpose(named_by), delivery)
    with capture_logs() as logs:
        assert await hears(office, secret, kind=kind) is Outcome.OBEYED
    assert BOB not in str(logs)
    box, bob = await office.box(), await office.town.account("bob")
    assert (box.dead_reason, box.complained_at) == (f"complaint ({kind})", office.town.now)
    assert (bob.mail_id, bob.email_mode) == (None, "off")
    assert await office.told() == [reply_mail.complained("Testville", BOB)]
    assert await hears(office, secret, kind=kind) is Outcome.OBEYED
    assert len(await office.told()) == 1


async def test_an_opt_out_stops_mails_of_that_kind_alone(office: PostOffice) -> None:
    delivery = await office.sends()
    assert await hears(office, await stop_of(office), kind="opt-out") is Outcome.OBEYED
    assert await gets_alice(office) is False
    assert (await office.box()).dead_at is None
    await office.town.text("bob", "FOLLOW alice")
    assert await hears(office, office.secret(Purpose.BOUNCE, delivery), kind="opt-out") is Outcome.OBEYED
    assert (await office.box()).dead_at is None


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "dkim-failure"])
async def test_what_is_no_complaint_stops_nothing(office: PostOffice, kind: str) -> None:
    assert await hears(office, await stop_of(office), kind=kind) is Outcome.NOTHING
    assert (await office.box()).dead_at is None
    assert await gets_alice(office) is None


async def test_a_complaint_without_a_genuine_secret_of_ours_stops_nothing(office: PostOffice) -> None:
    delivery = await office.sends()
    genuine = office.secret(Purpose.BOUNCE, delivery)
    for secret in ("bounce+" + "a" * 27, genuine[:-1] + ("b" if genuine[-1] == "a" else "a"), "reply+", "x",
                   genuine.replace("bounce", "reply"), office.secret(Purpose.POST, delivery)):  # fmt: skip
        assert await hears(office, secret, recipients=(BOB,)) is Outcome.UNKNOWN, secret
    assert await hears(office, recipients=(BOB,)) is Outcome.UNKNOWN
    assert (await office.box()).dead_at is None


async def test_a_complaint_about_a_mail_that_is_no_longer_kept_is_obeyed_by_its_link(office: PostOffice) -> None:
    assert await hears(office, office.secret(Purpose.BOUNCE, 999_999)) is Outcome.UNKNOWN
    assert await hears(office, office.secret(Purpose.BOUNCE, 999_999), await stop_of(office)) is Outcome.OBEYED
    assert (await office.box()).complained_at is not None


async def test_of_several_mailboxes_the_one_that_the_report_names_is_stopped(office: PostOffice) -> None:
    await office.give("bob", "bob@new.example")
    assert await hears(office, await stop_of(office), recipients=("Bob@Mail.example",)) is Outcome.OBEYED
    assert (await office.box()).complained_at is not None
    assert (await office.box("bob@new.example")).dead_at is None


async def test_who_complains_gets_no_posts_at_another_mailbox_instead(office: PostOffice) -> None:
    await office.give("bob", "bob@new.example")
    assert await hears(office, await stop_of(office), recipients=(BOB,)) is Outcome.OBEYED
    assert (await office.town.account("bob")).email_mode == "off"


async def test_a_complaint_of_who_has_no_mailbox_in_use_still_stops_all_mails(office: PostOffice) -> None:
    bob = await office.town.account("bob")
    assert await hears(office, await stop_of(office)) is Outcome.OBEYED
    async with office.town.store.unit() as unit:
        await digests.turn_on(unit, office.town.site, bob.id, now=office.town.now)
    secret = f"unsubscribe+{unsubscribe.make(office.town.site.key, AllMail(bob.id))}"
    assert await hears(office, secret) is Outcome.OBEYED
    assert (await office.town.account("bob")).email_mode == "off"


async def test_who_is_taken_up_again_after_a_complaint_gets_mails_as_before(office: PostOffice) -> None:
    site, now = office.town.site, office.town.now
    bob = await office.town.account("bob")
    async with office.town.store.unit() as unit:
        await digests.set_mode(unit, site, bob.id, EmailMode.DAILY, now=now)
    assert await hears(office, await stop_of(office), recipients=(BOB,)) is Outcome.OBEYED
    assert (await office.town.account("bob")).email_mode == "off"
    async with office.town.store.unit() as unit:
        await mailboxes.resume(unit, site, await office.box(BOB), now=now)
    bob = await office.town.account("bob")
    assert (bob.email_mode, bob.digest_at and bob.digest_at > now) == ("daily", True)


@pytest.mark.parametrize(
    ("contact", "goes_on"),
    [("ops@people.example", True), ("ops@birds.example", False), ("https://people.example", False), ("", False)],
)
async def test_what_people_write_to_abuse_goes_on_to_the_operators_mailbox_unless_that_is_ours(
    office: PostOffice, contact: str, goes_on: bool
) -> None:
    site = replace(office.town.site, contact=contact)
    async with office.town.store.unit() as unit:
        answer = await complaints.hear(unit, site, "eve@x.example", "Spam", "Stop this!", now=office.town.now)
    assert ("handed on" in answer) == goes_on
    assert await office.told(contact or "@") == (
        [reply_mail.handed_on("eve@x.example", "Stop this!")] if goes_on else []
    )


async def test_a_reply_address_that_was_renewed_since_still_names_the_mail_that_is_complained_about(
    office: PostOffice,
) -> None:
    secret = office.secret(Purpose.REPLY, await office.sends())
    async with office.town.store.unit() as unit:
        for _ in range(3):
            await accounts.renew_replies(unit, (await office.town.account("bob")).id)
    assert await hears(office, secret) is Outcome.OBEYED
    assert (await office.box()).complained_at is not None
