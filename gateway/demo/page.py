"""The demo's page: four phones to text from, a mailbox, and a panel that makes the carrier misbehave.

Everything is rendered here; the small script only swaps in fresh pieces as they come over server-sent events, so the
page works without it. All its addresses are relative, so that it can be mounted under any prefix.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.demo.carrier import Carrier
from gateway.demo.faults import Fault
from gateway.demo.letters import SendMail
from gateway.demo.mailbox import Mailbox
from gateway.demo.texts import Text
from gateway.service.numbers import dialled

_HERE = Path(__file__).parent
_SHOWN = 60
"""Texts per phone, mails, and rows of the carrier's log that the page shows; the newest ones."""

_HEARTBEAT = 15.0
"""Seconds between signs of life on the event stream, so that a closed window is noticed."""

_PACE = 0.05
"""Seconds between two pushes to one window, so that a flood of texts is drawn in few strokes."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of misbehaviour that the panel offers."""

    key: str
    group: str
    label: str
    fault: Fault | None = None
    code: int = 0
    refusal: str = ""


TROUBLES = (
    Trouble("429", "Answer to the gateway", "Too many requests (429)", Fault.TOO_MANY),
    Trouble("500", "Answer to the gateway", "Server error (500)", Fault.SERVER_ERROR),
    Trouble("503", "Answer to the gateway", "Unavailable (503)", Fault.UNAVAILABLE),
    Trouble("hang", "Answer to the gateway", "Never answer", Fault.HANG),
    Trouble("drop", "Answer to the gateway", "Take the text, then hang up", Fault.DROP),
    Trouble("wrong-json", "Answer to the gateway", "Take the text, answer nonsense", Fault.WRONG_JSON),
    Trouble("21610", "Refuse the text", "Opted out (21610)", Fault.REFUSED, 21610),
    Trouble("21211", "Refuse the text", "No such number (21211)", Fault.REFUSED, 21211),
    Trouble("21614", "Refuse the text", "Not a mobile (21614)", Fault.REFUSED, 21614),
    Trouble("30003", "Take it, but it never arrives", "Handset is off (30003)", Fault.UNDELIVERED, 30003),
    Trouble("30005", "Take it, but it never arrives", "Unknown handset (30005)", Fault.UNDELIVERED, 30005),
    Trouble("30006", "Take it, but it never arrives", "Landline (30006)", Fault.UNDELIVERED, 30006),
    Trouble("reversed", "Receipts", "In the wrong order", Fault.RECEIPTS_REVERSED),
    Trouble("doubled", "Receipts", "Each one twice", Fault.RECEIPTS_DOUBLED),
    Trouble("unknown", "Receipts", "Another one for an unknown text", Fault.RECEIPTS_UNKNOWN),
    Trouble("early", "Receipts", "Before the answer", Fault.RECEIPTS_EARLY),
    Trouble("withheld", "Receipts", "None", Fault.RECEIPTS_WITHHELD),
    Trouble("mail-full", "Mail server", "Mailbox full (452)", refusal="452 4.2.2 Mailbox full"),
    Trouble("mail-gone", "Mail server", "No such mailbox (550)", refusal="550 5.1.1 No such mailbox"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the guide: what to text from which phone (counted from 0), and why."""

    phone: int
    body: str
    why: str


STEPS = (
    Step(0, "JOIN alice", "Phone 1 signs up."),
    Step(1, "JOIN bob", "So does phone 2."),
    Step(1, "FOLLOW alice", "Bob follows Alice."),
    Step(0, "Good morning from the 7:40 bus", "Alice posts; Bob’s phone shows it."),
)


def build_page(
    carrier: Carrier,
    mailbox: Mailbox,
    *,
    numbers: Sequence[str],
    site_url: str,
    site_number: str,
    send_mail: SendMail,
    mail_domain: str = "",
    mail_hint: str = "",
    ops_url: str = "",
) -> web.Application:
    """The page as an application to run or to mount; ``numbers`` are the phones that it shows.

    ``site_number``           what the phones text to.
    ``site_url``, ``ops_url``  linked, without a trailing slash.
    ``mail_domain``           where the mail form's ``help@`` goes; ``mail_hint`` is a sentence beside that form.
    """
    page = _Page(carrier, mailbox, tuple(numbers), site_number, send_mail)
    page.environment.globals.update(
        site_url=site_url, ops_url=ops_url, site_number=site_number, numbers=page.numbers,
        mail_domain=mail_domain, mail_hint=mail_hint,
    )  # fmt: skip
    app = web.Application(middlewares=[_same_origin])
    app.router.add_get("/", page.show)
    app.router.add_get("/events", page.events)
    app.router.add_post("/text", page.text)
    app.router.add_post("/mail", page.mail)
    app.router.add_post("/misbehave", page.misbehave)
    app.router.add_post("/behave", page.behave)
    app.router.add_static("/static", _HERE / "static")
    app.on_shutdown.append(page.close)
    return app


@web.middleware
async def _same_origin(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Other sites that the browser has open may not press the buttons here."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise web.HTTPForbidden(text="This form belongs to another site.")
    return await handler(request)


class _Page:
    def __init__(
        self, carrier: Carrier, mailbox: Mailbox, numbers: tuple[str, ...], site_number: str, send_mail: SendMail
    ) -> None:
        self.numbers = numbers
        self.environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters["dialled"] = dialled
        self._carrier = carrier
        self._mailbox = mailbox
        self._site_number = site_number
        self._send_mail = send_mail
        self._last_mail = ""
        self._closing = False

    async def show(self, request: web.Request) -> web.Response:
        """The whole page. A query of ``from``, ``to`` and ``subject`` fills in the mail form."""
        template = self.environment.get_template("demo.html")
        body = template.render(pieces=self._pieces(), groups=_groups(), draft=request.query)
        return web.Response(text=body, content_type="text/html", headers={"Cache-Control": "no-store"})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """A stream of the pieces that changed, as JSON objects of piece name and HTML."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        known: dict[str, str] = {}
        with (
            self._carrier.changes.watch() as bell,
            self._mailbox.changes.watch(bell),
            suppress(ConnectionResetError),  # the window was closed
        ):
            while not self._closing:
                bell.clear()
                pieces = self._pieces()
                fresh = {name: html for name, html in pieces.items() if known.get(name) != html}
                line = f"data: {json.dumps(fresh)}\n\n" if fresh else ": still here\n\n"
                await response.write(line.encode())
                known = pieces
                await asyncio.sleep(_PACE)
                try:
                    async with asyncio.timeout(_HEARTBEAT):
                        await bell.wait()
                except TimeoutError:
                    continue
        return response

    async def text(self, request: web.Request) -> web.Response:
        """Text from one of the phones; with a ``sid``, deliver that text again."""
        form = await _form(request)
        number, body = form.get("from", ""), form.get("body", "").replace("\r\n", "\n")
        if number not in self.numbers:
            raise web.HTTPBadRequest(text="That is not one of the phones here.")
        extra = {"MessageSid": form["sid"]} if "sid" in form else {}
        await self._carrier.text(number, self._site_number, body, **extra)
        return _back(f"phone-{self.numbers.index(number) + 1}")

    async def mail(self, request: web.Request) -> web.Response:
        """Send a mail to the gateway; what its door said shows beside the form."""
        form = await _form(request)
        sender, to, subject, body = (form.get(name, "").strip() for name in ("from", "to", "subject", "body"))
        self._last_mail = await self._send_mail(sender, to, subject, body)
        self._mailbox.changes.ring()
        return _back("write")

    async def misbehave(self, request: web.Request) -> web.Response:
        """Ask the carrier or the mailbox for trouble."""
        form = await _form(request)
        trouble = next((trouble for trouble in TROUBLES if trouble.key == form.get("trouble")), None)
        times, wait = form.get("times", ""), form.get("retry_after", "")
        if trouble is None or not all(given.isdecimal() and len(given) < 4 for given in (times, wait) if given):
            raise web.HTTPBadRequest(text="Choose a kind of trouble, and numbers up to 999.")
        often = int(times) or None if times else 1
        if trouble.fault is None:
            self._mailbox.refuse(trouble.refusal, times=often)
            self._mailbox.changes.ring()
        else:
            self._carrier.misbehave(
                trouble.fault,
                times=often,
                to=form.get("to") or None,
                code=trouble.code,
                retry_after=int(wait) if wait else None,
                accepted=True if "accepted" in form and trouble.fault is not Fault.REFUSED else None,
            )
        return _back("trouble")

    async def behave(self, _request: web.Request) -> web.Response:
        """Forget all trouble."""
        self._carrier.behave()
        self._mailbox.behave()
        self._mailbox.changes.ring()
        return _back("trouble")

    async def close(self, _app: web.Application) -> None:
        """End the event streams."""
        self._closing = True
        self._carrier.changes.ring()

    def _pieces(self) -> dict[str, str]:
        """The parts of the page that change, rendered."""
        phones = {
            f"phone-{i}": self._render("_texts.html", texts=self._carrier.phones[number][-_SHOWN:], number=number)
            for i, number in enumerate(self.numbers, 1)
        }
        steps = [(step, self._is_done(step)) for step in STEPS if step.phone < len(self.numbers)]
        return phones | {
            "guide": self._render("_guide.html", steps=steps),
            "mails": self._render("_mails.html", mails=self._mailbox.mails[: -_SHOWN - 1 : -1]),
            "said": self._render("_said.html", said=self._last_mail),
            "waiting": self._render(
                "_waiting.html", faults=self._carrier.faults.waiting, refusals=self._mailbox.refusals, label=_label
            ),
            "log": self._render(
                "_log.html", texts=self._carrier.messages[: -_SHOWN - 1 : -1], alerts=self._carrier.alerts[-5:]
            ),
        }

    def _render(self, template: str, **values: Any) -> str:
        return self.environment.get_template(template).render(**values)

    def _is_done(self, step: Step) -> bool:
        def wrote(text: Text) -> bool:
            return text.direction == "inbound" and text.body == step.body

        return any(map(wrote, self._carrier.phones[self.numbers[step.phone]]))


def _groups() -> dict[str, list[Trouble]]:
    groups: dict[str, list[Trouble]] = {}
    for trouble in TROUBLES:
        groups.setdefault(trouble.group, []).append(trouble)
    return groups


def _label(fault: Fault, code: int) -> str:
    """The panel's words for a fault that is waiting."""
    for trouble in TROUBLES:
        if trouble.fault is fault and trouble.code in (0, code):
            return f"{trouble.group}: {trouble.label}"
    return f"{fault} ({code})"


async def _form(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _back(anchor: str) -> web.Response:
    return web.Response(status=303, headers={"Location": f"./#{anchor}"})
