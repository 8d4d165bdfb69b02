"""Who may come to the mail door, and how much each may bring."""

from typing import Any

import pytest

from inbound import gate
from inbound.gate import LOCAL, Gate, networks


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def opened(clock: Clock | None = None, **changes: Any) -> Gate:
    usual: dict[str, Any] = {
        "own": networks(["127.0.0.0/8", "::1"]),
        "proxies": (),
        "connections": 100,
        "connections_each": 2,
        "mails_each": 3,
        "recipients_each": 0,
        "now": clock or Clock(),
    }
    return Gate(**(usual | changes))


def test_connections_of_one_address_are_limited_and_those_of_others_not() -> None:
    gate = opened()
    assert [gate.admit("192.0.2.1")[:3] for _ in range(3)] == ["", "", "421"]
    assert gate.admit("192.0.2.2") == ""
    gate.leave("192.0.2.1")
    assert gate.admit("192.0.2.1") == ""


def test_all_connections_together_are_limited() -> None:
    gate = opened(connections=2)
    assert [gate.admit(f"192.0.2.{n}")[:9] for n in range(3)] == ["", "", "421 4.3.2"]


def test_an_ipv6_customer_is_one_however_many_addresses_there_are() -> None:
    gate = opened()
    assert [gate.admit(f"2001:db8::{n}")[:3] for n in range(3)] == ["", "", "421"]
    assert gate.admit("2001:db8:0:1::1") == ""


def test_an_ipv4_address_is_the_same_written_as_ipv6() -> None:
    gate = opened()
    assert [gate.admit(a)[:3] for a in ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1")] == ["", "", "421"]
    assert gate.is_own("::ffff:127.0.0.1")


def test_who_comes_over_a_socket_of_this_machine_is_ours_and_not_limited_by_address() -> None:
    gate = opened()
    assert [gate.admit(LOCAL) for _ in range(50)] == [""] * 50
    assert gate.is_own(LOCAL)
    assert not gate.is_proxy(LOCAL)


def test_proxies_and_machines_of_ours_are_known_by_their_network() -> None:
    gate = opened(proxies=networks(["10.0.0.0/8", " 2001:db8::/32 "]))
    assert [gate.is_proxy(a) for a in ("10.1.2.3", "2001:db8::1", "192.0.2.1", "nonsense")] == [
        True,
        True,
        False,
        False,
    ]
    assert [gate.is_own(a) for a in ("127.9.9.9", "::1", "10.1.2.3", "fe80::1%eth0")] == [True, True, False, False]


def test_so_many_mails_fit_a_minute_and_more_after_a_while() -> None:
    clock = Clock()
    gate = opened(clock)
    assert [gate.may_send("192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert gate.may_send("192.0.2.2")
    clock.time += 19
    assert not gate.may_send("192.0.2.1")
    clock.time += 2
    assert [gate.may_send("192.0.2.1") for _ in range(2)] == [True, False]
    clock.time += 60
    assert [gate.may_send("192.0.2.1") for _ in range(4)] == [True, True, True, False]
    assert all(gate.may_ask("192.0.2.1") for _ in range(1000))


def test_over_many_minutes_no_more_fit_than_are_allowed() -> None:
    clock = Clock()
    gate = opened(clock, mails_each=60)
    taken = 0
    for _ in range(6000):
        clock.time += 0.1
        taken += gate.may_send("192.0.2.1")
    assert 600 <= taken <= 600 + 61


def test_who_has_long_gone_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_MOST_REMEMBERED", 10)
    clock = Clock()
    one = opened(clock)
    for number in range(1000):
        clock.time += 10
        one.may_send(f"192.0.{number // 256}.{number % 256}")
    assert len(one._mails._due) <= 11


def test_what_is_no_network_is_an_error() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        networks(["nonsense"])
