"""What MAIL and RCPT can say."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbound.smtp_arguments import Recipient, Sender, Wrong, is_name, read_recipient, read_sender


def sender(argument: str, *, extended: bool = True) -> Sender | Wrong:
    return read_sender(argument, extended=extended, max_size=1000)


@pytest.mark.parametrize(
    ("argument", "address"),
    [
        ("FROM:<a@home.example>", "a@home.example"),
        ("from: <a@home.example>", "a@home.example"),
        ("FROM:a@home.example", "a@home.example"),
        ("FROM:<>", "<>"),
        ("FROM:<a>", "a"),
        ("FROM:<a!b#c$d%e&f'g*h/i?j^k`l{m|n}o~p@home.example>", "a!b#c$d%e&f'g*h/i?j^k`l{m|n}o~p@home.example"),
        ("FROM:<two..dots.@home.example>", "two..dots.@home.example"),
        ("FROM:<a@[192.0.2.1]>", "a@[192.0.2.1]"),
        ("FROM:<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]"),
        ("FROM:<@relay.example:a@home.example>", "a@home.example"),
        ("FROM:<@one.example,@two.example:a@home.example>", "a@home.example"),
        ('FROM:<"a b"@home.example>', '"a b"@home.example'),
        ('FROM:<"a.b"@home.example>', "a.b@home.example"),
        (r'FROM:<"a\"@b"@home.example>', r'"a\"@b"@home.example'),
        (r'FROM:<"\a"@home.example>', "a@home.example"),
    ],
)
def test_addresses_are_read_as_they_are_meant(argument: str, address: str) -> None:
    assert sender(argument) == Sender(address)


@pytest.mark.parametrize(
    "argument",
    [
        "",
        "TO:<a@home.example>",
        "FROM",
        "FROM:",
        "FROM:<",
        "FROM:<a@home.example",
        "FROM:a@home.example>",
        "FROM:<a@b@c>",
        "FROM:<a b@home.example>",
        "FROM:<a\r@home.example>",
        "FROM:<a@home.example>SIZE=1",
        "FROM:<@home.example>",
        'FROM:<"@home.example>',
        "FROM:<a@home example>",
        "FROM:<<a@home.example>>",
        "FROM:<\udcff@home.example>",
        "FROM:<\x85@home.example>",
        "FROM:<a@[]>",
    ],
)
def test_what_is_no_address_is_refused(argument: str) -> None:
    found = sender(argument)
    assert isinstance(found, Wrong)
    assert found.answer[:8] in ("501 5.5.", "553 5.1.")


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ("SIZE=1000", ""),
        ("SIZE=1001", "552 5.3.4"),
        ("SIZE=99999999999999999999", "552 5.3.4"),
        ("SIZE=999999999999999999999", "501 5.5.4"),
        ("SIZE=", "501 5.5.4"),
        ("SIZE", "501 5.5.4"),
        ("SIZE=-1", "501 5.5.4"),
        ("SIZE=²", "501 5.5.4"),
        ("SIZE=1 SIZE=1", "501 5.5.4"),
        ("BODY=7BIT", ""),
        ("body=8bitmime", ""),
        ("BODY=BINARYMIME", "501 5.5.4"),
        ("SMTPUTF8", ""),
        ("SMTPUTF8=1", "501 5.5.4"),
        ("AUTH=<>", "555 5.5.4"),
        ("RET=HDRS", "555 5.5.4"),
        ("=", "501 5.5.4"),
        ("SIZE=10 BODY=8BITMIME SMTPUTF8", ""),
    ],
)
def test_options_are_those_that_are_offered(options: str, answer: str) -> None:
    found = sender(f"FROM:<a@home.example> {options}")
    if answer:
        assert isinstance(found, Wrong)
        assert found.answer.startswith(answer)
    else:
        assert found == Sender("a@home.example", tuple(options.upper().split()), "SMTPUTF8" in options)


def test_without_ehlo_there_are_no_options() -> None:
    found = sender("FROM:<a@home.example> SIZE=10", extended=False)
    assert isinstance(found, Wrong)
    assert sender("FROM:<a@home.example>", extended=False) == Sender("a@home.example")


def test_an_address_in_another_script_must_be_announced() -> None:
    assert sender("FROM:<用户@例子.公司> SMTPUTF8") == Sender("用户@例子.公司", ("SMTPUTF8",), True)
    found = sender("FROM:<用户@例子.公司>")
    assert isinstance(found, Wrong)
    assert found.answer.startswith("553 5.6.7")
    assert read_recipient("TO:<jürgen@home.example>", utf8=True) == Recipient("jürgen@home.example")
    refused = read_recipient("TO:<jürgen@home.example>", utf8=False)
    assert isinstance(refused, Wrong)
    assert refused.answer.startswith("553 5.6.7")


@pytest.mark.parametrize("argument", ["", "TO:", "TO:<>", "TO:<a", "TO:<a@b> NOTIFY=NEVER", "FROM:<a@b>"])
def test_a_recipient_is_one_address_and_nothing_else(argument: str) -> None:
    assert isinstance(read_recipient(argument, utf8=True), Wrong)


def test_the_postmaster_needs_no_domain() -> None:
    assert read_recipient("TO:<Postmaster>", utf8=False) == Recipient("Postmaster")


@given(argument=st.text(max_size=80), extended=st.booleans())
@example(argument="<" + "a." * 5000 + "@", extended=True)
@example(argument="<" + "@a," * 5000, extended=True)
@example(argument='<"' + "\\a" * 5000, extended=True)
def test_any_argument_is_read_or_refused_in_ascii(argument: str, extended: bool) -> None:
    for found in (
        sender(argument, extended=extended),
        sender(f"FROM:{argument}"),
        read_recipient(f"TO:{argument}", utf8=extended),
    ):
        if isinstance(found, Wrong):
            assert found.answer.isascii()
            assert found.answer.isprintable()
        else:
            assert found.address.isprintable() or not found.address.isascii()


def test_who_greets_has_a_name_that_can_be_written_down() -> None:
    assert is_name("mail.example.org")
    assert is_name("[192.0.2.1]")
    for wrong in ("", "a\rb", "a\x00", "\udcff", "x" * 256):
        assert not is_name(wrong)
