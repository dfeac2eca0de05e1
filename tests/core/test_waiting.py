from __future__ import annotations

import pytest

from conformance.core.errors import TerminalState, WaitTimeout
from conformance.core.waiting import cancelled, eventually, shield


def test_returns_the_value_that_was_awaited() -> None:
    values = iter([0, 0, 7])
    assert eventually(lambda: next(values), what="seven", timeout=5, interval=0) == 7


def test_a_timeout_carries_the_last_value_and_the_remedy() -> None:
    with pytest.raises(WaitTimeout) as raised:
        eventually(
            lambda: {"phase": "Pending"},
            what="pod runs",
            until=lambda _: False,
            timeout=0.02,
            interval=0.01,
            remedy="describe it",
        )
    assert "not within 0.02 s" in str(raised.value)
    assert "Pending" in raised.value.observed
    assert "describe it" in str(raised.value)


def test_a_terminal_state_ends_the_wait_at_once() -> None:
    calls = []

    def probe() -> str:
        calls.append(1)
        return "ImagePullBackOff"

    with pytest.raises(TerminalState, match="cannot happen any more") as raised:
        eventually(probe, what="pod runs", until=lambda _: False, terminal=lambda state: state, timeout=60)
    assert len(calls) == 1
    assert "ImagePullBackOff" in raised.value.observed


def test_transient_exceptions_are_not_yet_and_the_last_one_is_told() -> None:
    def probe() -> bool:
        raise ConnectionRefusedError("port 8080")

    with pytest.raises(WaitTimeout) as raised:
        eventually(probe, what="it answers", timeout=0.01, interval=0, transient=(ConnectionError,))
    assert "ConnectionRefusedError: port 8080" in raised.value.observed
    assert isinstance(raised.value.__cause__, ConnectionRefusedError)


def test_other_exceptions_go_through() -> None:
    with pytest.raises(ZeroDivisionError):
        eventually(lambda: 1 // 0, what="never", timeout=5, transient=(ConnectionError,))


def test_the_probe_is_called_once_even_without_time() -> None:
    assert eventually(lambda: True, what="now", timeout=0)


def test_a_shielded_thread_waits_on_when_the_work_is_cancelled() -> None:
    values = iter([0, 0, 7])
    with cancelled():
        with pytest.raises(WaitTimeout, match="cancelled"):
            eventually(lambda: 0, what="seven", timeout=5, interval=0.01)
        with shield():
            assert eventually(lambda: next(values), what="seven", timeout=5, interval=0.01) == 7
        with pytest.raises(WaitTimeout, match="cancelled"):
            eventually(lambda: 0, what="seven", timeout=5, interval=0.01)
