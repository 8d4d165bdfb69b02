"""A village where everything is that a page can show: every state, every mark, something in every list."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import insert

from gateway.domain.budget import Budget, Of
from gateway.domain.delivery import Halt
from gateway.domain.pace import Pace
from gateway.domain.types import Channel, PostKind, Source
from gateway.service import alerts, auditing, choosing, governing, joining, polling, posting, visiting
from gateway.service.auditing import Actor
from gateway.service.site import Number, Site
from store import (
    accounts,
    addresses,
    cuts,
    day_counts,
    default_follows,
    groups,
    invites,
    listeners,
    lists,
    reports,
    routes,
    usage,
)
from store.schema import deliveries
from store.unit import Unit
from tests.web.village import NOW, Village

LONG = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 3
"""A word that no line is long enough for."""


@dataclass(frozen=True, slots=True)
class Furnished:
    """What stands where: alice looks after the site and is logged in by ``secret``. Posts by what is to be seen of
    them, members by name."""

    secret: str
    posts: dict[str, int]
    members: dict[str, int]
    friends: int

    def paths_for_everybody(self) -> list[str]:
        """Every page that a stranger may look at, in each of its states."""
        post = self.posts
        return [
            "/",
            "/?before=9",
            "/help",
            "/login",
            "/login?next=/settings",
            "/signup",
            "/directory",
            "/directory?by=newest",
            "/directory?by=name",
            "/search",
            "/search?q=harbour",
            "/search?q=bo",
            "/search?q=xyzzy",
            "/@alice",
            "/@alice?replies=0",
            "/@bob",
            "/@shy",
            "/@alice/followers",
            "/@alice/following",
            "/tags/talk",
            "/tags/nothing",
            "/wall/talk",
            "/wall/nothing",
            "/groups",
            "/groups/garden",
            "/polls",
            f"/@bob/{post['answered']}",
            f"/@alice/{post['long']}",
            f"/@alice/{post['own poll']}",
            f"/@bob/{post['passed on']}",
            f"/@alice/{post['deleted']}",
            f"/@shy/{post['whisper']}",
            "/nothing/here",
        ]

    def paths_for_members(self) -> list[str]:
        """Every page of a member's, in each of its states."""
        post = self.posts
        return [
            "/home",
            "/home?text=smile+%F0%9F%98%80",
            "/home?posted",
            "/mentions",
            "/messages",
            "/messages/bob",
            "/messages/dora",
            "/requests",
            "/settings",
            "/settings?done=profile",
            "/settings/delete",
            "/settings/mailbox/abcdefghijkl",
            "/polls",
            "/polls/new",
            "/groups",
            "/groups/garden",
            "/groups/books",
            "/lists",
            f"/lists/{self.friends}",
            "/tracks",
            "/invites",
            "/@bob",
            "/@dora",
            "/@shy",
            "/@bob/report",
            f"/@bob/report?post={post['answered']}",
            "/@alice",
            "/@alice/followers",
            f"/@alice/{post['long']}",
            f"/@alice/{post['own poll']}",
            f"/@bob/{post['poll']}",
            f"/@bob/{post['answered']}",
            f"/@alice/{post['long']}/delivery",
            "/tags/talk",
            "/search?q=harbour",
            "/directory",
        ]

    def paths_for_administrators(self) -> list[str]:
        """Every page below /admin, in each of its states."""
        of, post = self.members, self.posts
        return [
            "/admin",
            "/admin/members",
            "/admin/members?q=nobody",
            "/admin/members?which=suspended",
            f"/admin/members/{of['bob']}",
            f"/admin/members/{of['susp']}",
            f"/admin/members/{of['alice']}",
            f"/admin/members/{of['bob']}/delete",
            "/admin/joining",
            "/admin/joining?done=followed",
            "/admin/reports",
            "/admin/reports/all",
            f"/admin/posts/{post['answered']}?report=1",
            "/admin/queue",
            "/admin/queue/waiting",
            "/admin/queue/going",
            "/admin/queue/lost",
            "/admin/senders",
            "/admin/cost",
            "/admin/cost?month=2020-01",
            "/admin/audit",
            f"/admin/audit?about={of['bob']}",
        ]


def with_everything(site: Site) -> Site:
    """The site as one on which everything can be done."""
    pace = Pace(per_second=10, per_day=2_000, per_minute=300)
    numbers = (Number(site.number, "twilio", pace, Decimal("0.0079")), Number("+15550009998", "twilio", pace))
    budget = Budget(site=1_000, author=100, recipient=50)
    return replace(site, numbers=numbers, budget=budget, registration="invite", members_invite=True)


async def furnish(village: Village, site: Site) -> Furnished:
    """Put everything there."""
    names = ("alice", "bob", "dora", "emil", "susp")
    for name in names:
        await village.person(name)
    for name in ("shy", "asker"):
        await village.person(name, protected=True)
    of, store = village.ids, village.store
    for one, other in (("bob", "alice"), ("dora", "alice"), ("alice", "bob"), ("alice", "shy"), ("bob", "shy")):
        await village.follows(one, other)
    await village.follows("asker", "alice", state="requested")
    await village.follows("alice", "asker", state="requested")
    post = await _posts(village)
    async with store.unit() as unit:
        _, ours, other = await routes.ensure(unit, [site.number, "+15550009998"])
        for name in ("alice", "bob"):
            await joining.give_address(unit, of[name], Channel.EMAIL, f"{name}@mail.example", how="operator", now=NOW)
        await joining.give_address(unit, of["alice"], Channel.SMS, "+15550001001", how="operator", now=NOW)
        stopped = await joining.give_address(unit, of["bob"], Channel.SMS, "+15550001002", how="operator", now=NOW)
        await addresses.opt_out(unit, stopped.id, now=NOW)
        dead = await joining.give_address(unit, of["bob"], Channel.EMAIL, "old@mail.example", how="operator", now=NOW)
        await addresses.mark_dead(unit, dead.id, "550 5.1.1 no such mailbox", now=NOW)
        await accounts.set_profile(
            unit, of["alice"], bio="Tides & harbours. #talk", language=None, time_zone=None, overflow=None
        )
        await accounts.set_profile(unit, of["bob"], bio=LONG[:100], language=None, time_zone=None, overflow=None)
        await accounts.set_admin(unit, of["alice"], True)
        await accounts.set_password(unit, of["alice"], "$argon2id$nobody")
        await visiting.open_session(unit, site, of["alice"], secret="of-alice", device="Firefox on Android", now=NOW)
        await visiting.open_session(unit, site, of["alice"], secret="other", device="", now=NOW)
        alice = await accounts.by_id(unit, of["alice"])
        assert alice is not None
        await choosing.add(
            unit, site, alice, "alice@work.example", now=NOW, new_code=lambda: "1234", secret="abcdefghijkl"
        )
        for group, founder in (("garden", "alice"), ("books", "bob")):
            await groups.add(unit, group, founder_id=of[founder], now=NOW)
        await listeners.put(unit, "!garden", of["alice"], texts=False, mail=True, now=NOW)
        for key in ("#talk", "harbour"):
            await listeners.put(unit, key, of["alice"], texts=False, mail=True, now=NOW)
        friends = await lists.add(unit, of["alice"], "Friends", now=NOW)
        for name in ("bob", "shy"):
            await lists.put(unit, friends, of[name])
        asked = await polling.ask(
            unit, site, of["bob"], "Where to?", ["inside", "outside"], source=Source.WEB, now=NOW - timedelta(hours=2)
        )
        mine = await polling.ask(unit, site, of["alice"], "When?", ["noon", "later"], source=Source.WEB, now=NOW)
        assert isinstance(asked, posting.Published)
        assert isinstance(mine, posting.Published)
        post |= {"poll": asked.post_ids[0], "own poll": mine.post_ids[0]}
        await cuts.add_all(unit, {post["long"]: "-- \nsent from my phone"}, NOW)
        await _admin_things(village, unit, post["answered"])
    async with store.unit() as unit:
        rows = [
            {"state": "queued", "due_at": NOW - timedelta(minutes=4)},
            {"state": "queued", "due_at": NOW + timedelta(hours=4), "channel": "email", "route": 0},
            {"state": "claimed", "lease_until": NOW},
            {"state": "unsure", "lease_until": NOW},
            {"state": "dead", "settled_at": NOW, "reason": "the phone is off or out of reach (30003)"},
            {"state": "dead", "settled_at": NOW, "reason": "550 5.1.1 no mailbox of that name: " + LONG},
            {"state": "dead", "settled_at": NOW, "reason": "the recipient has muted the author"},
            {"state": "delivered", "settled_at": NOW, "segments": 2, "price_micros": -15_000, "price_unit": "USD"},
        ]
        for number, row in enumerate(rows):
            fixed = {"channel": "sms", "route": ours.id, "lane": 2, "due_at": NOW, "queued_at": NOW, "reason": ""}
            whose = {"post_id": post["long"], "account_id": of["bob"] if number == 0 else 1000 + number}
            await unit.execute(insert(deliveries), fixed | whose | row)
        notice = {"notice_id": 1, "address_id": 1, "channel": "sms", "route": ours.id, "lane": 0, "state": "queued"}
        await unit.execute(insert(deliveries), notice | {"due_at": NOW - timedelta(days=2), "queued_at": NOW})
        await alerts.refused(unit, other.id, Halt(30034, 1), "the number is not registered", now=NOW)
        standing = await routes.standing(unit, ours.id)
        await routes.advance(unit, ours.id, replace(standing, day=NOW.toordinal(), used=1_234))
    return Furnished("of-alice", post, dict(of), friends)


async def _posts(village: Village) -> dict[str, int]:
    of = village.ids
    village.clock = NOW - timedelta(days=2)
    post: dict[str, int] = {}
    post["answered"] = await village.says(
        "bob", "Who is at the harbour? #talk https://x.example/a?b=1&c=2", words="harbour"
    )
    await village.says("alice", "@bob me", reply_to_id=post["answered"])
    await village.says("shy", "@bob so am I", reply_to_id=post["answered"])
    post["long"] = await village.says(
        "alice",
        "Cut… https://birds.example/@alice/1",
        full_text=f"Cut here, and on it goes. <b>Not bold</b> & {LONG}",
        words="cut",
    )
    post["passed on"] = await village.repeats("bob", post["long"])
    post["whisper"] = await village.says("shy", "between us #talk")
    post["deleted"] = await village.says("alice", "oops")
    await village.deletes(post["deleted"])
    await village.says("dora", "שלום\nזו השורה השנייה #talk")
    await village.says("alice", "to the garden", group_name="garden")
    for writer, reader in (("alice", "bob"), ("bob", "alice"), ("alice", "bob")):
        await village.says(writer, f"in private, {writer}", kind=PostKind.DIRECT, to_account_id=of[reader])
    for number in range(25):
        await village.says("bob", f"post {number} of many, @alice")
    return post


async def _admin_things(village: Village, unit: Unit, answered: int) -> None:
    of, root = village.ids, Actor("root")
    until = NOW + timedelta(days=14)
    for number, note in enumerate(("for Gus", "for a class", LONG[:140], "for nobody")):
        made = {"note": note, "uses": 30 if number == 1 else 1, "now": NOW}
        each = await invites.add(
            unit, f"{number:064}", made_by=None if number == 0 else of["alice"], expires_at=until, **made
        )
        if number == 2:
            await invites.take(unit, each, of["dora"], now=NOW)
        if number == 3:
            await invites.revoke(unit, each, now=NOW)
    await default_follows.put(unit, of["bob"], texts=True, mail=None, now=NOW)
    for words, post_id in (("he sells things\nall day", answered), ("", None), (LONG, 999_999)):
        await reports.add(unit, of["dora"], of["bob"], words, post_id=post_id, now=NOW)
    await reports.close(unit, 2, now=NOW)
    await governing.suspend(unit, root, of["susp"], why=f"sells things: {LONG}", now=NOW)
    await governing.set_admin(unit, root, of["bob"], True, now=NOW - timedelta(days=1))
    await governing.see_addresses(unit, Actor("alice", of["alice"]), of["bob"], now=NOW)
    for act in auditing.Act:
        await auditing.note(unit, root, act, "somebody", words=str(act), now=NOW)
    days = [(NOW - timedelta(days=each)).date().isoformat() for each in range(30)]
    await day_counts.add(unit, {(day, what): 7 * number for number, day in enumerate(days) for what in _COUNTED})
    await usage.bill(unit, {(day, 1, "US"): [number, number] for number, day in enumerate(days)})
    await usage.book(unit, NOW.year * 100 + NOW.month, {(Of.SITE, 0): 812, (Of.AUTHOR, of["alice"]): 99})


_COUNTED = ("posts", "texts sent", "mails sent", "texts lost")
