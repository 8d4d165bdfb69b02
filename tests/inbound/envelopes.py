"""Italian certified mail as providers write it (RFC 6109): envelopes round a mail, and receipts."""

import base64

ORIGINAL = """\
Message-ID: <one@azienda.example>
From: Mario Rossi <mario@azienda.example>
To: post+own@birds.example
Subject: Riunione
Content-Type: text/plain; charset=utf-8

La riunione comincia alle nove.

Cordiali saluti,
Mario Rossi
"""
_WORDS = """\
Content-Type: multipart/alternative; boundary="A"

--A
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Messaggio di posta certificata
Il giorno 26/11/2026 alle ore 10:00:00 (+0100) il messaggio "Riunione"
=E8 stato inviato da "mario@azienda.example" indirizzato a:
post+own@birds.example
Il messaggio originale =E8 incluso in allegato.
--A
Content-Type: text/html; charset="iso-8859-1"

<html><body><h3>Messaggio di posta certificata</h3><hr>Il giorno 26/11/2026</body></html>
--A--
"""
_DATA = """\
Content-Type: application/xml; name="daticert.xml"
Content-Transfer-Encoding: base64
Content-Disposition: inline; filename="daticert.xml"

PHBvc3RhY2VydCB0aXBvPSJwb3N0YS1jZXJ0aWZpY2F0YSIvPg==
"""
_SIGNATURE = """\
Content-Type: application/x-pkcs7-signature; name="smime.p7s"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="smime.p7s"

MIIB
"""


def attached(original: str = ORIGINAL) -> str:
    """The part with the mail as it was sent."""
    head = 'Content-Type: message/rfc822; name="postacert.eml"\nContent-Disposition: inline; filename="postacert.eml"'
    return f"{head}\n\n{original}"


def as_a_file(original: str = ORIGINAL) -> str:
    """The same, as a server on the way has it that takes it for a file."""
    data = base64.encodebytes(original.encode()).decode()
    head = 'Content-Type: application/octet-stream; name="postacert.eml"\nContent-Transfer-Encoding: base64'
    return f"{head}\n\n{data}"


def envelope(
    *parts: str, mark: str = "X-Trasporto: posta-certificata", title: str = "POSTA CERTIFICATA", signed: bool = True
) -> str:
    """A mail with that mark, of the provider's words and these parts."""
    inside = "".join(f"--M\n{each}" for each in (_WORDS, *parts, _DATA))
    mixed = f'Content-Type: multipart/mixed; boundary="M"\n\n{inside}--M--\n'
    if signed:
        kind = 'multipart/signed; protocol="application/x-pkcs7-signature"; micalg="sha-256"; boundary="S"'
        mixed = f"Content-Type: {kind}\n\n--S\n{mixed}--S\n{_SIGNATURE}--S--\n"
    return (
        f"{mark}\nX-Riferimento-Message-ID: <one@azienda.example>\nMessage-ID: <opec1@gestore.example>\n"
        'From: "Per conto di: mario@azienda.example" <posta-certificata@gestore.example>\n'
        "Reply-To: mario@azienda.example\nTo: post+own@birds.example\n"
        f"Subject: {title}: Riunione\nMIME-Version: 1.0\n{mixed}"
    )
