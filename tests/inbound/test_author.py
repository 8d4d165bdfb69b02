"""Whose address stands in From, and which heads are not read at all."""

import pytest

from inbound.trust import head
from inbound.trust.author import Author, NoAuthor, author, read
from inbound.trust.head import Field

ALICE = Author("alice", "home.example")


@pytest.mark.parametrize(
    "written",
    [
        "alice@home.example",
        "<alice@home.example>",
        "Alice <alice@home.example>",
        "ALICE@Home.Example",
        '"Alice, the first" <alice@home.example>',
        '"Alice \\"the owl\\" Smith" <alice@home.example> (on the road (again))',
        "alice@home.example (Alice)",
        "(first) Alice (second) <alice@home.example>",
        "Alice O'Neill-Smith Jr. <alice@home.example>",
        "=?utf-8?q?J=C3=BCrgen_M=C3=BCller?= <alice@home.example>",
        "Jürgen Müller <alice@home.example>",
        '"alice@home.example" <alice@home.example>',
        "Alice@Home.example <alice@home.example>",
        "\tAlice\t<alice@home.example>",
        "=?x-unknown?q?Alice?= <alice@home.example>",
    ],
)
def test_one_address_is_read_however_the_name_beside_it_is_written(written: str) -> None:
    assert read(written) == ALICE


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", NoAuthor.MISSING),
        ("  ", NoAuthor.MISSING),
        ("alice@home.example, bob@home.example", NoAuthor.SEVERAL),
        ("Alice <alice@home.example>, Bob <bob@home.example>", NoAuthor.SEVERAL),
        ("<alice@home.example> <bob@home.example>", NoAuthor.SEVERAL),
        ("friends: alice@home.example, bob@home.example;", NoAuthor.SEVERAL),
        ("undisclosed-recipients:;", NoAuthor.SEVERAL),
        ("Smith, Alice <alice@home.example>", NoAuthor.SEVERAL),
        ("alice", NoAuthor.UNCLEAR),
        ("Alice Smith", NoAuthor.UNCLEAR),
        ("alice@home.example bob@home.example", NoAuthor.UNCLEAR),
        ("Alice <alice@home.example> Smith", NoAuthor.UNCLEAR),
        ("Alice <alice@home.example", NoAuthor.UNCLEAR),
        ('"Alice <alice@home.example>', NoAuthor.UNCLEAR),
        ("(Alice <alice@home.example>", NoAuthor.UNCLEAR),
        ("Alice <>", NoAuthor.UNCLEAR),
        ("<@relay.example:alice@home.example>", NoAuthor.UNCLEAR),
        ("<@relay.example,@other.example:alice@home.example>", NoAuthor.UNCLEAR),
        ("<alice@home.example@evil.example>", NoAuthor.UNCLEAR),
        ("<alice(x)@home.example>", NoAuthor.UNCLEAR),
        ('"alice smith"@home.example', NoAuthor.UNCLEAR),
        ("<alice smith@home.example>", NoAuthor.UNCLEAR),
        (".alice@home.example", NoAuthor.UNCLEAR),
        ("alice.@home.example", NoAuthor.UNCLEAR),
        ("al..ice@home.example", NoAuthor.UNCLEAR),
        ("alice@localhost", NoAuthor.UNCLEAR),
        ("alice@home.example.", NoAuthor.UNCLEAR),
        ("alice@-home.example", NoAuthor.UNCLEAR),
        ("alice@[192.0.2.1]", NoAuthor.UNCLEAR),
        ("alice@192.0.2.1", NoAuthor.UNCLEAR),
        ("a" * 65 + "@home.example", NoAuthor.UNCLEAR),
        ("alice@" + "a." * 126 + "example", NoAuthor.UNCLEAR),
        ('"bob@bank.example" <evil@home.example>', NoAuthor.DECOY),
        ("bob@bank.example <evil@home.example>", NoAuthor.DECOY),
        ("<evil@home.example> (bob@bank.example)", NoAuthor.DECOY),
        ('"Bob (bob@bank.example)" <evil@home.example>', NoAuthor.DECOY),
        ("=?utf-8?q?bob=40bank=2Eexample?= <evil@home.example>", NoAuthor.DECOY),
        ("=?utf-8?b?Ym9iQGJhbmsuZXhhbXBsZQ==?= <evil@home.example>", NoAuthor.DECOY),
        ("Bob bob＠bank.example <evil@home.example>", NoAuthor.DECOY),
    ],
)
def test_anything_else_is_nobodys_and_it_is_known_why(written: str, why: NoAuthor) -> None:
    assert read(written) == why


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("аpple.example", "xn--pple-43d.example"),  # the first letter is Cyrillic
        ("home。example", None),
        ("ｈome.example", None),
        ("\u212aate.example", None),  # the Kelvin sign, whose small letter is a k
        ("☃.example", None),
        ("home\u200b.example", None),
        ("ho\u00adme.example", None),
    ],
)
def test_domains_are_compared_as_dns_has_them(written: str, domain: str | None) -> None:
    assert read(f"<alice@{written}>") == (Author("alice", domain) if domain else NoAuthor.UNCLEAR)


def test_the_ways_to_write_an_address_are_that_of_dns_and_that_of_people() -> None:
    assert ALICE.spellings == ("alice@home.example",)
    assert Author("alice", "xn--bcher-kva.example").spellings == (
        "alice@xn--bcher-kva.example",
        "alice@bücher.example",
    )
    assert Author("alice", "xn--a.example").spellings == ("alice@xn--a.example",)


@pytest.mark.parametrize("local", ["\u212aate", "JÜRGEN", "İnci"])
def test_capitals_beyond_ascii_are_not_guessed_at(local: str) -> None:
    assert read(f"<{local}@home.example>") == NoAuthor.UNCLEAR


def test_small_letters_beyond_ascii_are_themselves() -> None:
    assert read("<jürgen@home.example>") == Author("jürgen", "home.example")
    assert read("<ſam@home.example>") == Author("ſam", "home.example")


def fields(*lines: bytes) -> list[Field]:
    found = head.read(b"\r\n".join(lines) + b"\r\n\r\nhello")
    assert found is not None
    return found


def test_from_counts_and_neither_sender_nor_reply_to() -> None:
    assert author(fields(b"Sender: bob@home.example", b"From: alice@home.example", b"Reply-To: c@d.example")) == ALICE
    assert author(fields(b"Sender: alice@home.example")) == NoAuthor.MISSING


@pytest.mark.parametrize("name", [b"From", b"FROM", b"from"])
def test_two_from_fields_are_two_authors(name: bytes) -> None:
    assert author(fields(b"From: alice@home.example", name + b": alice@home.example")) == NoAuthor.SEVERAL


@pytest.mark.parametrize("name", [b"Resent-From", b"Resent-Sender"])
def test_who_passes_a_mail_on_has_not_written_it(name: bytes) -> None:
    assert author(fields(b"From: alice@home.example", name + b": bob@home.example")) == NoAuthor.PASSED_ON


def test_a_folded_from_is_unfolded() -> None:
    assert author(fields(b"From: Alice\r\n the first\r\n\t<alice@home.example>")) == ALICE


@pytest.mark.parametrize("value", [b"Ren\xe9 <alice@home.example>", b"alice@home.example \x01", b"\x1b <a@b.example>"])
def test_a_from_of_other_bytes_is_nobodys(value: bytes) -> None:
    assert author(fields(b"From: " + value)) == NoAuthor.UNCLEAR


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: x\rFrom: ceo@bank.example\r\nFrom: alice@home.example\r\n\r\n",
        b"Subject: x\nFrom: ceo@bank.example\r\n\r\n",
        b"From: alice@home.example\0\r\n\r\n",
        b"From : alice@home.example\r\n\r\n",
        b" folded: before anything\r\nFrom: alice@home.example\r\n\r\n",
        b"From: alice@home.example\r\n \r\nFrom: bob@home.example\r\n\r\n",
        b"From alice@home.example Mon Nov 23 2026\r\nFrom: alice@home.example\r\n\r\n",
        b"no colon here\r\nFrom: alice@home.example\r\n\r\n",
        b"Fr\xc3\xb6m: alice@home.example\r\n\r\n",
        b": alice@home.example\r\n\r\n",
        b"X: y\r\n" * 1001 + b"\r\n",
        b"X: " + b"y" * head.LARGEST + b"\r\nFrom: alice@home.example\r\n\r\n",
    ],
)
def test_a_head_that_others_may_read_otherwise_is_not_read(content: bytes) -> None:
    assert head.read(content) is None


def test_a_mail_may_have_no_head_or_no_body() -> None:
    assert head.read(b"") is None
    assert head.read(b"\r\nhello") == []
    assert head.read(b"From: a@b.example\r\n") == [Field("from", b" a@b.example")]
    assert head.read(b"From: a@b.example\r\n\r\n") == [Field("from", b" a@b.example")]
