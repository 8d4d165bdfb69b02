"""Mails that come back, in the shapes that mail servers give them, and what providers say of complaints. In words of
our own: only what a program reads is as it is there."""

from dataclasses import dataclass

ORIGINAL = (
    "Return-Path: <{bounce}>\nFrom: \"alice (Testville)\" <help@birds.example>\nTo: <bob@mail.example>\n"
    "Message-ID: <delivery.31@birds.example>\nReply-To: <{reply}>\nSubject: hello\n"
    "List-Unsubscribe: <https://birds.example/unsubscribe/{stop}>,\n <mailto:unsubscribe+{stop}@birds.example>\n"
    "\nhello\n"
)  # fmt: skip


def report(*blocks: str, text: str = "I am sorry.", returned: str = "Subject: alice: hello\n\nhello\n") -> str:
    """A delivery report as RFC 3464 has it, one block of fields for each recipient."""
    recipients = "\n\n".join(blocks)
    return (
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: text/plain\n\n{text}\n\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{recipients}\n\n"
        f"--b\nContent-Type: message/rfc822\n\n{returned}--b--\n"
    )


def block(action: str, status: str, words: str = "", *, to: str = "rfc822; bob@mail.example") -> str:
    """The fields about one recipient."""
    lines = [f"Final-Recipient: {to}", f"Action: {action}", f"Status: {status}"]
    return "\n".join([*lines, f"Diagnostic-Code: smtp; {words}"] if words else lines)


@dataclass(frozen=True)
class Returned:
    """A mail that a server sends back, and what is to be made of it (``reason`` begins so; empty: no failure)."""

    server: str
    raw: str
    reason: str


RETURNS = [
    Returned(
        "postfix",
        report(
            "Original-Recipient: rfc822;bob@mail.example\n"
            + block("failed", "5.1.1", "550 5.1.1 <bob@mail.example>:\n    Recipient address rejected: nobody here"),
            text="This is the mail system at host mx.example.\n\n<bob@mail.example>: host mail.example[192.0.2.1] "
            "said: 550 5.1.1 nobody here",
        ),
        "5.1.1 550 5.1.1",
    ),
    Returned("postfix, full", report(block("failed", "5.2.2", "552 5.2.2 mailbox over quota")), "5.2.2 552"),
    Returned("postfix, expired", report(block("failed", "4.4.1", "connect to mail.example: timed out")), "4.4.1 "),
    Returned("postfix, late", report(block("delayed", "4.4.1", "connect to mail.example: timed out")), ""),
    Returned("postfix, as asked", report(block("delivered", "2.0.0", "250 2.0.0 Ok")), ""),
    Returned("postfix, passed on", report(block("relayed", "2.0.0", "250 2.0.0 Ok")), ""),
    Returned("sendmail, expanded", report(block("expanded", "2.0.0")), ""),
    Returned(
        "sendmail",
        report(
            block("failed", "5.1.1", "550 5.1.1 bob... User unknown") + "\nLast-Attempt-Date: Sun, 22 Nov 2026",
            text="   ----- The following addresses had permanent fatal errors -----\n<bob@mail.example>\n",
        ),
        "5.1.1 550 5.1.1 bob... User unknown",
    ),
    Returned(
        "sendmail, warning",
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\nSubject: Warning: could not send message "
        "for past 4 hours\n\n"
        "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n"
        "    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n"
        "The original message was received at Sun, 22 Nov 2026\n\n   ----- Transcript of session follows -----\n"
        "<bob@mail.example>... Deferred: Connection refused\nWarning: message still undelivered after 4 hours\n",
        "",
    ),
    Returned(
        "exim, plain",
        "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: bob@mail.example\n"
        "Auto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender\n\n"
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        "  bob@mail.example\n    Unrouteable address\n",
        "returned as undeliverable",
    ),
    Returned(
        "exim, plain, given up",
        "From: Mail Delivery System <Mailer-Daemon@mx.example>\nX-Failed-Recipients: bob@mail.example\n"
        "Subject: Mail delivery failed: returning message to sender\n\n"
        "This message was created automatically by mail delivery software.\n\nA message that you sent could not be "
        "delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        "  bob@mail.example\n    host mail.example: retry timeout exceeded\n",
        "4.4.7 ",
    ),
    Returned(
        "exim, with a report",
        "X-Failed-Recipients: bob@mail.example\n"
        + report("Action: failed\nFinal-Recipient: rfc822;bob@mail.example\nStatus: 5.0.0\nRemote-MTA: dns; x\n"
                 "Diagnostic-Code: smtp; 552 5.2.2 over quota"),
        "5.2.2 552",
    ),
    Returned(
        "exchange",
        report(
            "Final-Recipient: rfc822;bob@mail.example\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp;550 5.1.1 RESOLVER.ADR.RecipNotFound; not found\n"
            "X-Display-Name: bob"
        ).replace("MAILER-DAEMON@", "postmaster@"),
        "5.1.1 550 5.1.1 RESOLVER",
    ),
    Returned(
        "exchange, at the edge",
        report(block("failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied")),
        "5.4.1 550 5.4.1",
    ),
    Returned(
        "exchange, late",
        report(block("delayed", "4.4.7")).replace("Undelivered Mail", "Delivery delayed:"),
        "",
    ),
    Returned(
        "gmail",
        "X-Failed-Recipients: bob@mail.example\nAuto-Submitted: auto-replied\n"
        + report(
            block(
                "failed",
                "5.1.1",
                "550-5.1.1 The email account that you tried to reach does not exist.\n 550 5.1.1 Please look again",
            )
        ),
        "5.1.1 550-5.1.1",
    ),
    Returned("gmail, full", report(block("failed", "5.2.2", "552-5.2.2 The inbox is out of room.")), "5.2.2 "),
    Returned(
        "qmail",
        "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<bob@mail.example>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 no such user\n"
        "Giving up on 192.0.2.1.\n\n--- Below this line is a copy of the message.\n\nSubject: alice: hello\n\nhello\n",
        "5.1.1 550 5.1.1 no such user",
    ),
    Returned(
        "qmail, full",
        "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\nHi. This is the qmail-send program at mx.example.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<bob@mail.example>:\nThe mailbox is over quota.\n\n--- Below this line is a copy of the message.\n\n"
        "Subject: alice: hello\n\nhello\n",
        "5.2.2 ",
    ),
    Returned(
        "yahoo",
        "From: MAILER-DAEMON@yahoo.example\nSubject: Failure Notice\nX-Yahoo-Newman-Property: bmbounce\n\n"
        "Sorry, we were unable to deliver your message to the following address.\n\n<bob@mail.example>:\n"
        "554: delivery error: dd This user doesn't have a mail.example account (bob@mail.example) [0]\n\n"
        "--- Below this line is a copy of the message.\n\nSubject: alice: hello\n\nhello\n",
        "5.1.1 ",
    ),
    Returned(
        "opensmtpd",
        report("Final-Recipient: rfc822; bob@mail.example\nAction: error\nStatus: 5.0.0\n"
               "Diagnostic-Code: smtp; 550 Invalid recipient: bob@mail.example"),
        "5.1.1 ",
    ),
    Returned(
        "in any script (RFC 6533)",
        'From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\n\nSorry.\n--b\nContent-Type: message/global-delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: utf-8; jürgen@mail.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 jürgen gibt es nicht\n\n--b\nContent-Type: message/global-headers\n\n"
        "Subject: grüße\n--b--\n",
        "5.1.1 550 5.1.1 jürgen gibt es nicht",
    ),
    Returned(
        "in any script, encoded",
        'From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\n\nSorry.\n--b\nContent-Type: message/global-delivery-status\nContent-Transfer-Encoding: base64\n\n"
        "UmVwb3J0aW5nLU1UQTogZG5zOyBteAoKRmluYWwtUmVjaXBpZW50OiB1dGYtODsgasO8cmdlbkBt\n"
        "CkFjdGlvbjogZmFpbGVkClN0YXR1czogNS4yLjIK\n--b--\n",
        "5.2.2 the message could not be delivered",
    ),
    Returned("policy", report(block("failed", "5.7.1", "550 5.7.1 you look like spam")), "5.7.1 "),
]  # fmt: skip


def complaint(feedback_type: str = "abuse", *, fields: str = "", returned: str, kind: str = "message/rfc822") -> str:
    """A feedback report of RFC 5965."""
    return (
        "From: <feedback@provider.example>\nTo: <fbl@birds.example>\nSubject: FW: hello\nMIME-Version: 1.0\n"
        "Message-ID: <fbl-1@provider.example>\n"
        "Content-Type: multipart/report; report-type=feedback-report;\n boundary=\"b\"\n\n"
        "--b\nContent-Type: text/plain; charset=us-ascii\n\nSomebody does not want this mail.\n\n"
        f"--b\nContent-Type: message/feedback-report\n\nFeedback-Type: {feedback_type}\n"
        f"User-Agent: Provider/1.0\nVersion: 1\n{fields}\n"
        f"--b\nContent-Type: {kind}\nContent-Disposition: inline\n\n{returned}\n--b--\n"
    )  # fmt: skip
