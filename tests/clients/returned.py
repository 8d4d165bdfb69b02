"""One of our mails as it comes back from three of the servers that most mail goes to: whole mails, shaped as those
servers shape them, in words of our own."""

from collections.abc import Callable

from tests.clients.client import Arrived


def _whole(text: str, mail: Arrived) -> bytes:
    """The report with the mail that it returns, as bytes for the wire."""
    head, tail = text.split("{RETURNED}\n")
    returned = mail.raw.replace(b"\r\n", b"\n")
    return (head.encode() + returned + b"\n" + tail.encode()).replace(b"\n", b"\r\n")


def postfix(mail: Arrived) -> bytes:
    text = f"""\
Received: by mx.mail.example (Postfix)
\tid 4dGxQz1KzVz9s; Thu, 26 Nov 2026 09:15:02 +0000 (UTC)
Date: Thu, 26 Nov 2026 09:15:02 +0000 (UTC)
From: MAILER-DAEMON@mx.mail.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {mail.sender}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4dGxQz1KzRz9r.1795684502/mx.mail.example"
Message-Id: <4dGxQz1KzVz9s.{mail.number}@mx.mail.example>

This is a MIME-encapsulated message.

--4dGxQz1KzRz9r.1795684502/mx.mail.example
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.mail.example.

Your message could not be handed over. It follows below.

<{mail.recipient}>: host mail.example[192.0.2.25] said: 550 5.1.1
    <{mail.recipient}>: Recipient address rejected: User unknown in local recipient table
    (in reply to RCPT TO command)

--4dGxQz1KzRz9r.1795684502/mx.mail.example
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.mail.example
X-Postfix-Queue-ID: 4dGxQz1KzRz9r
X-Postfix-Sender: rfc822; {mail.sender}
Arrival-Date: Thu, 26 Nov 2026 09:15:01 +0000 (UTC)

Final-Recipient: rfc822; {mail.recipient}
Original-Recipient: rfc822;{mail.recipient}
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example
Diagnostic-Code: smtp; 550 5.1.1 <{mail.recipient}>: Recipient address
    rejected: User unknown in local recipient table

--4dGxQz1KzRz9r.1795684502/mx.mail.example
Content-Description: Undelivered Message
Content-Type: message/rfc822

{{RETURNED}}
--4dGxQz1KzRz9r.1795684502/mx.mail.example--
"""
    return _whole(text, mail)


def exchange(mail: Arrived) -> bytes:
    text = f"""\
Received: from AM0EUR02FT062.mail.protection.outlook.example (2603:10a6:20b:2e8::1)
 by AS8PR05CA0003.outlook.example (2603:10a6:20b:311::8) with Microsoft SMTP
 Server id 15.20.8182.16; Thu, 26 Nov 2026 09:15:04 +0000
MIME-Version: 1.0
From: <postmaster@outlook.example>
To: <{mail.sender}>
Date: Thu, 26 Nov 2026 09:15:04 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="6d9a9cb8-0a9c-4e0f-9b5a-8c1f6b9d6f2e"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-GB
Message-ID: <b1f7{mail.number}@AS8PR05MB7654.outlook.example>
In-Reply-To: {mail.headers["message-id"]}
References: {mail.headers["message-id"]}
Subject: Undeliverable: {mail.subject}
Auto-Submitted: auto-replied

--6d9a9cb8-0a9c-4e0f-9b5a-8c1f6b9d6f2e
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="1c4f1f6d-5a3c-49b5-8e43-55f5f1f8f7c1"

--1c4f1f6d-5a3c-49b5-8e43-55f5f1f8f7c1
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

[http://products.outlook.example/images/logo.png]
Your message to {mail.recipient} was not delivered.

bob was not found at mail.example.

Action Required
Unknown To address

--1c4f1f6d-5a3c-49b5-8e43-55f5f1f8f7c1
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><head><meta http-equiv=3D"Content-Type" content=3D"text/html"></head><body>
<table><tr><td>Your message to <a href=3D"mailto:{mail.recipient}">{mail.recipient}</a>
was not delivered.</td></tr></table></body></html>

--1c4f1f6d-5a3c-49b5-8e43-55f5f1f8f7c1--

--6d9a9cb8-0a9c-4e0f-9b5a-8c1f6b9d6f2e
Content-Type: message/delivery-status

Reporting-MTA: dns;AS8PR05MB7654.outlook.example
Received-From-MTA: dns;mx.birds.example
Arrival-Date: Thu, 26 Nov 2026 09:15:03 +0000

Original-Recipient: rfc822;{mail.recipient}
Final-Recipient: rfc822;{mail.recipient}
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {mail.recipient} not found \
by SMTP address lookup
X-Display-Name: bob

--6d9a9cb8-0a9c-4e0f-9b5a-8c1f6b9d6f2e
Content-Type: message/rfc822

{{RETURNED}}
--6d9a9cb8-0a9c-4e0f-9b5a-8c1f6b9d6f2e--
"""
    return _whole(text, mail)


def gmail(mail: Arrived) -> bytes:
    text = f"""\
Received: by 2002:a05:6402:4ce:b0:5c1 with SMTP id n14csp0;
        Thu, 26 Nov 2026 01:15:06 -0800 (PST)
X-Google-Smtp-Source: AGHT+IGnotreal
MIME-Version: 1.0
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: {mail.sender}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: {mail.headers["message-id"]}
In-Reply-To: {mail.headers["message-id"]}
X-Failed-Recipients: {mail.recipient}
Message-ID: <65641.{mail.number}.gmr@mx.google.example>
Date: Thu, 26 Nov 2026 01:15:06 -0800 (PST)
Content-Type: multipart/report; boundary="000000000000a1b2c3060b1d2e3f"; report-type=delivery-status

--000000000000a1b2c3060b1d2e3f
Content-Type: multipart/related; boundary="000000000000a1b2d9060b1d2e41"

--000000000000a1b2d9060b1d2e41
Content-Type: multipart/alternative; boundary="000000000000a1b2ce060b1d2e40"

--000000000000a1b2ce060b1d2e40
Content-Type: text/plain; charset="UTF-8"


** Address not found **

Nobody here is called {mail.recipient}, so your message stays with us.

The response was:

The email account that you tried to reach does not exist.

--000000000000a1b2ce060b1d2e40
Content-Type: text/html; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

<html><body><img src=3D"cid:icon.png" alt=3D"Error Icon"><h2>Address not found</h2>
<p>Nobody here is called <b>{mail.recipient}</b>, so your message stays with us.</p></body></html>

--000000000000a1b2ce060b1d2e40--
--000000000000a1b2d9060b1d2e41
Content-Type: image/png; name="icon.png"
Content-Disposition: attachment; filename="icon.png"
Content-Transfer-Encoding: base64
Content-ID: <icon.png>

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==

--000000000000a1b2d9060b1d2e41--
--000000000000a1b2c3060b1d2e3f
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example
Arrival-Date: Thu, 26 Nov 2026 01:15:05 -0800 (PST)
X-Original-Message-ID: {mail.headers["message-id"]}

Final-Recipient: rfc822; {mail.recipient}
Action: failed
Status: 5.1.1
Remote-MTA: dns; gmail-smtp-in.l.google.example. (192.0.2.26, the server for the domain mail.example.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try
 550-5.1.1 double-checking the address for typos or
 550-5.1.1 unnecessary spaces. 550 5.1.1  https://support.google.example/mail/?p=NoSuchUser - gsmtp
Last-Attempt-Date: Thu, 26 Nov 2026 01:15:06 -0800 (PST)

--000000000000a1b2c3060b1d2e3f
Content-Type: message/rfc822

{{RETURNED}}
--000000000000a1b2c3060b1d2e3f--
"""
    return _whole(text, mail)


SERVERS: dict[str, Callable[[Arrived], bytes]] = {"Postfix": postfix, "Exchange": exchange, "Gmail": gmail}
