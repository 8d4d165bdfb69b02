"""Behind a real Postfix, set up as docs/mail.md tells it: mail comes in from it, and goes out through it, and what it
cannot hand over comes back.

Its master must be root, so that it can be nobody afterwards; elsewhere these tests are skipped.
"""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosmtplib
import pytest

from gateway.demo.mailbox import Mailbox
from gateway.domain.delivery import Bounced, Sent
from tests import programs
from tests.inbound.talking import DOMAIN, POST, Pile, opened
from tests.outbound.relays import letter, transport
from tests.towns import rest, town
from tests.wiring import answers, free_port

PAGE = (Path(__file__).parent.parent / "docs" / "mail.md").read_text(encoding="utf-8")
SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def told() -> str:
    """The lines for main.cf that the page has."""
    block = re.search(r"In Postfix's `main.cf`:\n\n((?:    .*\n)+)", PAGE)
    assert block is not None
    return re.sub(r"^    ", "", block[1], flags=re.MULTILINE)


@pytest.fixture
def folder() -> Iterator[Path]:
    """For Postfix, whose parts are nobody and must get there; paths of sockets are short."""
    if os.geteuid() != 0:
        pytest.skip("Postfix must be started as root")
    made = Path(tempfile.mkdtemp(prefix="birdwire-pf-", dir="/tmp"))
    made.chmod(0o755)
    before = os.umask(0o022)
    yield made
    os.umask(before)
    shutil.rmtree(made)


def _prepare(folder: Path, port: int, lines: str) -> None:
    for name in ("etc", "spool", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    paths = {"daemon_directory": "", "command_directory": ""}
    for name in paths:
        found = subprocess.run(["postconf", "-d", "-h", name], check=True, capture_output=True, text=True)
        paths[name] = found.stdout.strip()
    main = f"""
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
daemon_directory = {paths["daemon_directory"]}
command_directory = {paths["command_directory"]}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
alias_maps =
local_recipient_maps =
default_transport = discard:
address_verify_poll_delay = 1
{lines}
"""
    (folder / "etc" / "main.cf").write_text(main)
    (folder / "etc" / "master.cf").write_text(SERVICES.format(port=port))


@asynccontextmanager
async def postfix(folder: Path, lines: str) -> AsyncIterator[int]:
    """A running one; yields the port on which it takes mail. What comes from 127.0.0.1 is from a machine of its own."""
    port = free_port()
    await asyncio.to_thread(_prepare, folder, port, lines)
    code, printed = await programs.run("postfix", "-c", folder / "etc", "start")
    assert code == 0, printed
    try:
        async with asyncio.timeout(30):
            await answers(port)
        yield port
    finally:
        await programs.run("postfix", "-c", folder / "etc", "stop")


async def write(port: int, *recipients: str, source: str = "127.0.0.2") -> None:
    """Bring a mail to Postfix, as a stranger does."""
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, source_address=(source, 0), start_tls=False, timeout=30)
    async with client:
        text = "From: a@example.net\r\nMessage-ID: <1@example.net>\r\n\r\nBy way of Postfix: grüße\r\n.\r\n"
        await client.sendmail("a@example.net", list(recipients), text.encode(), mail_options=["BODY=8BITMIME"])


@pytest.mark.parametrize("way", ["lmtp:inet", "lmtp:unix", "smtp"])
async def test_mail_comes_in_from_a_postfix_that_is_set_up_as_told(folder: Path, way: str) -> None:
    pile, port = Pile(), free_port()
    lines = told().replace("birds.example.org", DOMAIN)
    where = {"lmtp:inet": f"lmtp:inet:127.0.0.1:{port}", "smtp": f"smtp:[127.0.0.1]:{port}"}
    lines = lines.replace("lmtp:inet:127.0.0.1:8025", where.get(way, f"lmtp:unix:{folder}/door"))
    host = f"unix:{folder}/door" if way == "lmtp:unix" else "127.0.0.1"
    async with (
        opened(pile, host=host, port=port, protocol=way[:4]),
        postfix(folder, lines) as mta,
    ):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused, match="no such address"):
            await write(mta, f"nobody@{DOMAIN}")
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused, match="Relay access denied"):
            await write(mta, "bob@elsewhere.example")
        await write(mta, POST, f"post+bob@{DOMAIN}")
        async with asyncio.timeout(30):
            while len(pile.messages) < 2:  # noqa: ASYNC110  # the pile rings for its first message only
                await asyncio.sleep(0.05)
    assert {message.text for message in pile.messages} == {"By way of Postfix: grüße\n."}
    assert {message.sender for message in pile.messages} == {"a@example.net"}


async def test_mail_goes_out_through_a_postfix_that_is_set_up_as_told(folder: Path) -> None:
    lines = told().replace("birds.example.org", DOMAIN).replace("127.0.0.1:8025", f"127.0.0.1:{free_port()}")
    async with postfix(folder, lines) as mta, transport(mta, timeout=20.0) as wire:
        outcomes = await asyncio.gather(*(wire.send(letter(id=n, to=f"p{n}@elsewhere.example")) for n in range(20)))
        assert all(isinstance(outcome, Sent) for outcome in outcomes), outcomes
        assert isinstance(await wire.send(letter(to="bob@")), Bounced)


async def test_what_postfix_sends_back_stops_a_mailbox_and_its_owner_is_told_elsewhere(
    folder: Path, tmp_path: Path, sqlite_template: Path
) -> None:
    port = free_port()
    await asyncio.to_thread(shutil.copy, sqlite_template, tmp_path / "birdwire.db")
    async with Mailbox() as box:
        lines = told().replace("birds.example.org", DOMAIN).replace("127.0.0.1:8025", f"127.0.0.1:{port}")
        lines += f"default_transport = smtp:[127.0.0.1]:{box.port}\n"
        async with (
            postfix(folder, lines) as mta,
            town(
                tmp_path,
                f"sqlite:///{tmp_path / 'birdwire.db'}",
                DOMAIN,
                port=port,
                relay=mta,
                door='protocol = "lmtp"\n',
            ) as birds,
        ):
            to_alice = await birds.add("alice", "alice@mail.example")
            to_bob = await birds.add("bob", "bob@mail.example", "bob@old.example", reads=("alice",))

            async def by_swaks(sender: str, to: str, words: str) -> None:
                code, printed = await programs.run(
                    "swaks",
                    *("--server", "127.0.0.1", "--port", mta, "--local-interface", "127.0.0.2", "--ehlo", "me.example"),
                    *("--from", sender, "--to", to, "--header", "Subject: x", "--body", words),
                )
                assert code == 0, printed

            box.refuse("550 5.1.1 No such mailbox", to="bob@old.example", times=None)
            for number in (1, 2, 3):
                await by_swaks("alice@mail.example", to_alice, f"post {number}")
            notice = await box.wait_for(lambda mail: "mails to bob@old.example came back" in mail.text, within=30)
            assert notice.recipients == ("bob@mail.example",)
            await by_swaks("alice@mail.example", to_alice, "to the other mailbox")
            mail = await box.wait_for(lambda mail: "to the other mailbox" in mail.text, within=30)
            assert mail.recipients == ("bob@mail.example",)
            box.behave()
            await by_swaks("bob@old.example", to_bob, "I am here again")
            await rest(birds)
            await by_swaks("alice@mail.example", to_alice, "welcome back")
            mail = await box.wait_for(lambda mail: "welcome back" in mail.text, within=30)
            assert mail.recipients == ("bob@old.example",)
