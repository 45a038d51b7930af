from __future__ import annotations

import socket

import pytest

from channels.network import cut_off, is_loopback


def test_a_conversation_that_takes_too_long_is_cut_off() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, cut_off(0.05, lambda: ours):
        assert ours.recv(1) == b""


def test_a_conversation_in_time_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with cut_off(0.05, lambda: ours):
            pass
        ours.settimeout(0.15)
        with pytest.raises(TimeoutError):
            ours.recv(1)


def test_the_limit_may_strike_before_there_is_a_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, cut_off(0.05, lambda: None):
        ours.settimeout(0.15)
        with pytest.raises(TimeoutError):
            ours.recv(1)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_hosts_on_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "0.0.0.0", "::"]
)
def test_hosts_elsewhere(host: str) -> None:
    assert not is_loopback(host)
