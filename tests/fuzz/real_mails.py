"""Mails as programs write them, and how they can be mangled: a mail that is nearly right leads further into what reads
it than any that is made of chance.

A mail is a list of its lines. Each change takes one and the place where it happens, as a fraction of its length.
"""

import base64
import quopri
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.message import EmailMessage

from hypothesis import strategies as st

from outbound.mail_text import render
from tests.clients.client import Arrived
from tests.clients.returned import SERVERS
from tests.inbound.mails import SAMPLES
from tests.inbound.returns import RETURNS, complaint
from tests.inbound.test_outlook import COMPRESSED, RTF, attribute, sized, winmail
from tests.inbound.test_sealed import ENVELOPED, INSIDE, ber, cms, signed
from tests.outbound.letters import POST, SITE

_HEAD = (
    "Received: from out.home.example (out.home.example [203.0.113.5])\r\n by mx.birds.example with ESMTPS id 1;"
    " Thu, 26 Nov 2026 09:00:00 +0000\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=home.example; s=s1;\r\n"
    " h=from:to:subject:date; bh=x; b=y\r\n"
    "From: =?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?= <a@home.example>\r\nTo: post+alice@birds.example\r\n"
    "Date: Thu, 26 Nov 2026 10:00:00 +0100\r\nMessage-ID: <{id}@home.example>\r\nSubject: {subject}\r\n"
    "MIME-Version: 1.0\r\n"
)
_PICTURE = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_CALENDAR = (
    "BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nSUMMARY:Tea\r\nDESCRIPTION:In the garden\\, at four\r\n"
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@home.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
_HTML = (
    '<html><head><style>p{{margin:0}}</style></head><body><div dir="ltr">See you <b>at noon</b>.<br></div>{more}'
    '<div class="gmail_quote"><div class="gmail_attr">On Sun, alice wrote:<br></div><blockquote class="gmail_quote">'
    "<p>Coffee?</p></blockquote></div></body></html>"
)


def _part(kind: str, body: bytes, encoding: str = "quoted-printable", more: str = "") -> bytes:
    """A part as it stands in a mail; ``kind`` with its parameters."""
    match encoding:
        case "base64":
            written = base64.encodebytes(body).replace(b"\n", b"\r\n")
        case "quoted-printable":
            written = quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        case _:
            written = body
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{more}\r\n".encode() + written


def _parts(kind: str, *inner: bytes, boundary: str) -> bytes:
    held = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), each) for each in inner)
    head = f'Content-Type: multipart/{kind};\r\n\tboundary="{boundary}"\r\n\r\n'
    return head.encode() + held + f"--{boundary}--\r\n".encode()


def _mail(body: bytes, *fields: str, subject: str = "Re: Coffee?", number: int = 1) -> bytes:
    more = "".join(f"{field}\r\n" for field in fields)
    return (_HEAD.format(id=number, subject=subject) + more).encode() + body


def _text(words: str, charset: str = "utf-8", encoding: str = "quoted-printable", more: str = "") -> bytes:
    return _part(f"text/plain; charset={charset}{more}", words.encode(charset), encoding)


def _alternative(text: str, more: str = "", boundary: str = "000000000000a1") -> bytes:
    html = _part("text/html; charset=UTF-8", _HTML.format(more=more).encode())
    return _parts("alternative", _text(text), html, boundary=boundary)


def _crlf(text: str) -> bytes:
    return text.replace("\r\n", "\n").replace("\n", "\r\n").encode()


def _own() -> bytes:
    """One of ours."""
    return render(POST, replace(SITE, mail_domain="birds.example"))


_PAGES = (
    "<style>p{}</style><!-- a comment --><script>x()</script><p>See <a href='https://a.example/'>the page</a></p>"
    "<div id=appendonsend></div><hr><div id=divRplyFwdMsg>From: alice<br>Sent: Sunday</div><p>Coffee?</p>",
    "<table><tr><td>Fine</td><td>with me</td></tr></table><ul><li>one<li>two</ul><blockquote type=cite>Coffee?"
    "</blockquote><p>And below: gr\xfc\xdfe</p>",
    "<pre>as  it is</pre><div class='moz-signature'>-- <br>Bob</div><div class='moz-cite-prefix'>alice wrote:</div>",
    "<div class='ydp1yahoo_quoted'><blockquote>Coffee?</blockquote></div>Yes<div id=Signature>Bob</div>",
)
_QUOTED = "See you at noon.\n\nOn Sun, Nov 22, 2026 at 10:15 AM alice <help@birds.example> wrote:\n\n> Coffee?\n"
_INLINE = "Content-Disposition: inline; filename=logo.png\r\nContent-ID: <logo>\r\n"
_DETACHED = _part("application/pgp-signature; name=signature.asc", b"-----BEGIN PGP SIGNATURE-----\r\n=x\r\n", "7bit")


def _returned() -> list[bytes]:
    ours = _own()
    headers = {"message-id": "<delivery.31@birds.example>"}
    mail = Arrived(1, "bounce+x@birds.example", "bob@mail.example", "alice: hello", "alice", "hello", "", headers, ours)
    return [each(mail) for each in SERVERS.values()] + [_crlf(each.raw) for each in RETURNS]


def _forwarded() -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@home.example", "post+alice@birds.example", "Fwd: tea"
    message.set_content("FYI\n")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "x@y.example", "tea"
    inner.set_content("Tea?\n", charset="iso-8859-15")
    inner.add_alternative("<p>Tea?</p>", "html")
    message.add_attachment(inner)
    message.add_attachment(_PICTURE, "image", "png", filename="täß.png")
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


MAILS: tuple[bytes, ...] = (
    *(_mail(_text(each.text), number=n) for n, each in enumerate(SAMPLES)),
    *_returned(),
    _own(),
    render(POST, SITE),
    _crlf(complaint(returned=_own().decode())),
    _forwarded(),
    _mail(_alternative(_QUOTED)),
    _mail(_alternative(_QUOTED, more="<div>-- <br>Bob<br><img src=cid:logo></div>")),
    _mail(
        _parts(
            "mixed",
            _parts(
                "related",
                _alternative("See you.\n\n________________________________\nFrom: alice\nSent: Sunday\nTo: Bob\n"),
                _part("image/png; name=logo.png", _PICTURE, "base64", _INLINE),
                boundary="_004_AM9PR08MB6789_",
            ),
            _part('application/pdf; name="=?utf-8?q?T=C3=A4_ss.pdf?="', b"%PDF-1.4 \xff" * 40, "base64"),
            _text("--\nA list's footer\n"),
            boundary="_005_AM9PR08MB6789_",
        ),
        "Thread-Index: AdqX",
        "X-MS-Has-Attach: yes",
        "Content-Language: en-GB",
    ),
    _mail(
        _text(
            "> Coffee? \n> Or tea? \n\nTea, please, \nand a very long line that was broken \nby the program.\n",
            "iso-8859-15",
            "8bit",
            "; format=flowed; delsp=yes",
        ),
        "User-Agent: Mozilla Thunderbird",
    ),
    _mail(
        _text(
            "了解です\n\n2026年11月22日(日) 10:15 alice <help@birds.example>:\n\n> コーヒー?\n", "iso-2022-jp", "7bit"
        ),
        subject="=?ISO-2022-JP?B?UmU6IBskQiUzITwlUiE8GyhC?=",
    ),
    _mail(_text("Встретимся в полдень.\n\n--\nБоб\n", "koi8-r", "base64"), subject="=?koi8-r?B?79TXxdQ=?="),
    _mail(_text("中午见\n", "gb18030", "base64")),
    _mail(_text("See you at noon.\n", "utf-16", "base64")),
    _mail(
        _parts(
            "mixed",
            _text("See you.\n"),
            _part(
                "application/ms-tnef; name=winmail.dat",
                winmail(attribute(1, 0x0002800C, b"plain\0"), properties=(sized(0x102, 0x1009, COMPRESSED),)),
                "base64",
            ),
            boundary="----_=_NextPart_001",
        )
    ),
    _mail(_part("application/ms-tnef", winmail(properties=(sized(0x102, 0x1013, _HTML.encode()),)), "base64")),
    _mail(_part("application/ms-tnef", winmail(properties=(sized(0x102, 0x1009, COMPRESSED),)), "base64")),
    _mail(_part("text/rtf", RTF, "8bit")),
    *(_mail(_part("text/html; charset=windows-1252", each.encode("cp1252"))) for each in _PAGES),
    _mail(
        _parts(
            "related",
            _part("text/html; charset=utf-8", b'See <img src="cid:garden"> and <img src=cid:gone>.'),
            _part("image/jpeg", _PICTURE * 1000, "base64", "Content-ID: <garden>\r\n"),
            boundary="rel",
        )
    ),
    _mail(_part("text/plain", b"begin 644 a.txt\n#0V%T\n`\nend\n", "x-uuencode")),
    _mail(_part("text/plain", b"begin 644 a.txt\n#0V%T \n#0V%\n`\nend\n", "x-uuencode")),
    _mail(
        _part("text/enriched; charset=us-ascii", b"<bold>Now</bold>\n\n<excerpt>theirs</excerpt>\nmine <<\n", "7bit")
    ),
    _mail(_part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", signed(ber(0x04, INSIDE)), "base64")),
    _mail(
        _part(
            "application/pkcs7-mime; smime-type=enveloped-data", cms(ENVELOPED, ber(0x30, ber(0x02, b"\0"))), "base64"
        )
    ),
    _mail(_parts("signed", _text("Signed.\n"), _DETACHED, boundary="sig")),
    _mail(
        _parts(
            "encrypted",
            _part("application/pgp-encrypted", b"Version: 1\r\n", "7bit"),
            _part("application/octet-stream", b"-----BEGIN PGP MESSAGE-----\r\n\r\nx\r\n", "7bit"),
            boundary="enc",
        )
    ),
    _mail(
        _text(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- -- dashes\nSigned.\n"
            "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n"
        )
    ),
    *(
        _mail(
            _parts(
                "alternative",
                _text("Tea\n"),
                _part(f"text/calendar; charset=utf-8; method={method}", _CALENDAR.format(method=method).encode()),
                boundary="cal",
            )
        )
        for method in ("REQUEST", "REPLY", "CANCEL")
    ),
    _mail(_text("See attached.\n\nbegin 644 a.txt\n#0V%T\n`\nend\n")),
    _mail(_parts("digest", b"\r\nSubject: one\r\n\r\none\r\n", b"\r\nSubject: two\r\n\r\ntwo\r\n", boundary="d")),
    _mail(
        _part(
            "multipart/report; report-type=disposition-notification; boundary=m",
            b"--m\r\n\r\nIt was read.\r\n--m\r\nContent-Type: message/disposition-notification\r\n\r\n"
            b"Final-Recipient: rfc822;a@home.example\r\nDisposition: manual-action; displayed\r\n--m--\r\n",
            "7bit",
        )
    ),
    _mail(_text("I am away.\n"), "Auto-Submitted: auto-replied", "X-Autoreply: yes", "Precedence: bulk"),
    _mail(_text("To the list.\n"), "List-Id: <x.lists.example>", "List-Post: <mailto:x@lists.example>"),
    *(
        _mail(_text(f"{words}\n"))
        for words in ("FOLLOW bob", "STOP", "POLL Tea? / yes / no", "D bob hi", "R yes", "OK")
    ),
)
"""A mail of every kind that anybody sends."""


# ---- how a line, a part or a whole mail is mangled: each gets the lines, a place among them, and another mail's lines

_LARGEST = 4 * 1024 * 1024
Lines = list[bytes]
Change = Callable[[Lines, int, Lines], Lines]


def _each(change: Callable[[bytes], bytes]) -> Change:
    """Change the line there."""
    return lambda lines, at, _: [*lines[:at], change(lines[at]), *lines[at + 1 :]]


def _put(*new: bytes) -> Change:
    """Put lines before the one there."""
    return lambda lines, at, _: [*lines[:at], *new, *lines[at:]]


def _next(lines: Lines, at: int, wanted: Callable[[bytes], bool]) -> int | None:
    """The first line from there on that is wanted, else the first of all."""
    found = [n for n, line in enumerate(lines) if wanted(line)]
    return next((n for n in found if n >= at), found[0] if found else None)


def _labels(start: bytes, label: bytes) -> Change:
    """Let a header line that begins so say something else."""

    def change(lines: Lines, at: int, _other: Lines) -> Lines:
        found = _next(lines, at, lambda line: line.lower().startswith(start.lower()))
        return lines if found is None else [*lines[:found], label, *lines[found + 1 :]]

    return change


def _instead(old: bytes, new: bytes) -> Change:
    """Let the next line with these bytes have others there."""

    def change(lines: Lines, at: int, _other: Lines) -> Lines:
        found = _next(lines, at, lambda line: old in line)
        return lines if found is None else [*lines[:found], lines[found].replace(old, new, 1), *lines[found + 1 :]]

    return change


def _delimits(line: bytes) -> bool:
    return line.startswith(b"--") and len(line) > 2


def _a_part(lines: Lines, at: int) -> tuple[int, int] | None:
    """From one boundary to the next."""
    begin = _next(lines, at, _delimits)
    if begin is None:
        return None
    end = next((n for n in range(begin + 1, len(lines)) if _delimits(lines[n])), len(lines))
    return begin, end


def _without_part(lines: Lines, at: int, _other: Lines) -> Lines:
    part = _a_part(lines, at)
    return lines if part is None else lines[: part[0]] + lines[part[1] :]


def _part_again(lines: Lines, at: int, _other: Lines) -> Lines:
    part = _a_part(lines, at)
    return lines if part is None else lines[: part[1]] + lines[part[0] : part[1]] * 30 + lines[part[1] :]


def _part_elsewhere(lines: Lines, at: int, other: Lines) -> Lines:
    """Another mail as a part of this one."""
    part = _a_part(lines, at)
    return lines + other if part is None else [*lines[: part[1]], lines[part[0]], *other, *lines[part[1] :]]


def _in(kind: bytes) -> Change:
    """The whole mail within others."""

    def change(lines: Lines, at: int, _other: Lines) -> Lines:
        depth = 1 + at % 25
        if kind == b"message/rfc822":
            return [b"Content-Type: message/rfc822", b""] * depth + lines
        opened: Lines = []
        for level in range(depth):
            opened += [b"Content-Type: %s; boundary=in%d" % (kind, level), b"", b"--in%d" % level]
        return opened + lines + [b"--in%d--" % level for level in reversed(range(depth))]

    return change


def _encoded(lines: Lines, _at: int, _other: Lines) -> Lines:
    """The whole mail in base64, as some gateways pass one on."""
    inner = base64.encodebytes(b"\r\n".join(lines)).splitlines()
    return [b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64", b"", *inner]


def _without_empty_lines(lines: Lines, at: int, _other: Lines) -> Lines:
    found = _next(lines, at, lambda line: not line)
    return lines if found is None else lines[:found] + lines[found + 1 :]


def _swapped(lines: Lines, at: int, _other: Lines) -> Lines:
    other = (at * 7 + 3) % len(lines)
    changed = list(lines)
    changed[at], changed[other] = changed[other], changed[at]
    return changed


CHANGES: dict[str, Change] = {
    # bytes
    "a NUL": _each(lambda line: line[: len(line) // 2] + b"\0" + line[len(line) // 2 :]),
    "a NUL between lines": _put(b"\0"),
    "a bare CR": _each(lambda line: line[: len(line) // 2] + b"\r" + line[len(line) // 2 :]),
    "a bare LF": _each(lambda line: line[: len(line) // 2] + b"\n" + line[len(line) // 2 :]),
    "CR CR LF": _each(lambda line: line + b"\r"),
    "8-bit letters": _each(lambda line: line + "grüße".encode("latin-1")),
    "bytes in no charset": _each(lambda line: b"\xff\xfe" + line + b"\x80\xf5\xc0"),
    "a shift to Japanese without end": _each(lambda line: line + b"\x1b$B"),
    "half a character": _each(lambda line: line + b"=E3=81"),
    "control characters": _each(lambda line: bytes(range(1, 9)) + line + b"\x7f\x0b\x0c"),
    "letters that turn the direction": _each(lambda line: "\u202e".encode() + line),
    # lines
    "no such line": lambda lines, at, _: lines[:at] + lines[at + 1 :],
    "the line twice": lambda lines, at, _: [*lines[: at + 1], *lines[at:]],
    "the line a thousand times": lambda lines, at, _: lines[:at] + [lines[at]] * 1000 + lines[at:],
    "two lines as one": lambda lines, at, _: [*lines[:at], b"".join(lines[at : at + 2]), *lines[at + 2 :]],
    "two lines change places": _swapped,
    "an empty line": _put(b""),
    "a line of 998": _each(lambda line: (line + b" " * 998)[:998]),
    "a line of 999": _each(lambda line: (line or b"x") + b"x" * max(0, 999 - len(line))),
    "a line of 60,000": _each(lambda line: line + b"x" * (60_000 - len(line))),
    "a line that goes on": _each(lambda line: b"\t" + line),
    "a line folded everywhere": _each(lambda line: b"\r\n ".join(line[n : n + 1] for n in range(min(len(line), 200)))),
    "a dot": _put(b"."),
    "a quote mark": _each(lambda line: b"> " + line),
    "capitals": _each(bytes.upper),
    "no colon": _each(lambda line: line.replace(b":", b"", 1)),
    "the value of another": lambda lines, at, other: [
        *lines[:at],
        lines[at].partition(b":")[0] + b": " + other[at % len(other)],
        *lines[at + 1 :],
    ],
    "quotes that do not close": _each(lambda line: line.replace(b'"', b"", 1) + b';x="'),
    # headers
    "a header of 100 kilobytes": _put(b"X-Long: " + b"y" * 50_000, b" " + b"z" * 50_000),
    "two thousand headers": _put(*[b"X-Line: y"] * 2000),
    "two froms": _put(b"From: b@elsewhere.example"),
    "two types": _put(b"Content-Type: multipart/mixed; boundary=other"),
    "an 8-bit subject": _put("Subject: grüße".encode()),
    "a subject of encoded words": _put(b"Subject: " + b"=?utf-8?q?=C3=BC?= " * 400),
    "a subject in a charset that there is not": _put(b"Subject: =?x-klingon?b?/////w==?= =?utf-8?b?=?="),
    "a type without end": _labels(b"content-type:", b'Content-Type: multipart/mixed; boundary="b'),
    "a type of nonsense": _labels(b"content-type:", b"Content-Type: ;;=\0;"),
    "a type that is two": _labels(b"content-type:", b"Content-Type: text/plain, text/html; charset=utf-8, koi8-r"),
    "a report": _labels(b"content-type:", b"Content-Type: multipart/report; report-type=delivery-status; boundary=b"),
    "another charset": _instead(b"charset=", b"charset=utf-16;x="),
    "a charset that is none": _instead(b"charset=", b"charset*0*=undefined''%FF;x="),
    "a boundary in pieces": _instead(b"boundary=", b"boundary*0=a; boundary*1="),
    "an empty boundary": _instead(b"boundary=", b'boundary=""; x='),
    "base64": _labels(b"content-transfer-encoding:", b"Content-Transfer-Encoding: base64"),
    "quoted-printable": _labels(b"content-transfer-encoding:", b"Content-Transfer-Encoding: quoted-printable"),
    "uuencoded": _labels(b"content-transfer-encoding:", b"Content-Transfer-Encoding: x-uuencode"),
    "encoded twice": _labels(b"content-transfer-encoding:", b"Content-Transfer-Encoding: base64, quoted-printable"),
    # parts and all
    "no empty line": _without_empty_lines,
    "a part less": _without_part,
    "a part thirty times": _part_again,
    "another mail as a part": _part_elsewhere,
    "another mail behind": lambda lines, at, other: lines[:at] + other,
    "another mail before": lambda lines, at, other: [*other, b"", *lines[at:]],
    "the end is missing": lambda lines, at, _: lines[: at + 1],
    "the beginning is missing": lambda lines, at, _: lines[at:],
    "attached": _in(b"message/rfc822"),
    "in a mixture": _in(b"multipart/mixed"),
    "in alternatives": _in(b"multipart/alternative"),
    "in a signature": _in(b"multipart/signed"),
    "in a report": _in(b"multipart/report; report-type=delivery-status"),
    "in base64": _encoded,
}


@dataclass(frozen=True, slots=True)
class Mangled:
    """A mail of :data:`MAILS`, what happens to it where, with which other mail, and how its lines end. What would make
    it larger than a door takes does not happen."""

    mail: int
    changes: tuple[tuple[str, float], ...]
    other: int = 0
    end: bytes = b"\r\n"

    @property
    def content(self) -> bytes:
        lines, other = MAILS[self.mail].split(b"\r\n"), MAILS[self.other].split(b"\r\n")
        for name, where in self.changes:
            changed = CHANGES[name](lines, min(int(where * len(lines)), len(lines) - 1), other) or [b""]
            lines = changed if sum(map(len, changed)) < _LARGEST else lines
        return self.end.join(lines)


MANGLED = st.builds(
    Mangled,
    mail=st.integers(0, len(MAILS) - 1),
    changes=st.lists(st.tuples(st.sampled_from(list(CHANGES)), st.floats(0, 1)), min_size=1, max_size=5).map(tuple),
    other=st.integers(0, len(MAILS) - 1),
    end=st.sampled_from([b"\r\n"] * 8 + [b"\n", b"\r"]),
)
