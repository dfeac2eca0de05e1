"""Away is from the first failure to the first answer after the last one."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import requests

from conformance.upgrade.probing.availability import Sample, away
from conformance.upgrade.probing.local_prober import LocalProber


def samples(*reported: str) -> list[Sample]:
    """One question each second, answered after a tenth of one."""
    return [Sample(sent=float(at), answered=at + 0.1, fault=fault) for at, fault in enumerate(reported)]


def test_never_away() -> None:
    seen = away("nexus", "read", samples("", "", ""))
    assert (seen.seconds, seen.failed, seen.requests) == (0, 0, 3)


def test_from_the_first_failure_to_the_first_lasting_success() -> None:
    seen = away("nexus", "read", samples("", "status 503", "", "Timeout", "", ""))
    assert round(seen.seconds, 3) == 3.1, "it came and went in between"
    assert (seen.first, seen.last, seen.failed) == ("status 503", "Timeout", 2)


def test_one_that_does_not_come_back_says_so() -> None:
    seen = away("jenkins", "write", samples("", "status 503", "status 503"))
    assert round(seen.seconds, 3) == 1.1
    assert "did not come back" in seen.last


def test_a_time_in_which_nobody_asked_is_reported() -> None:
    reported = [Sample(sent=0, answered=0.1), Sample(sent=8, answered=8.1), Sample(sent=8.3, answered=8.4)]
    assert round(away("jenkins", "read", reported, "inside").longest_gap, 3) == 7.9
    assert away("jenkins", "read", []).longest_gap == 0


def test_order_does_not_matter() -> None:
    reported = samples("", "status 503", "")
    assert away("a", "b", reversed(reported)) == away("a", "b", reported)


def test_it_asks_until_it_is_left_and_counts_broken_connections() -> None:
    answers: Iterator[int | Exception] = itertools.chain(
        [200, requests.ConnectionError("refused"), 503], itertools.repeat(200)
    )

    asked = []

    def probe(number: int) -> int:
        asked.append(number)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with LocalProber({("nexus", "read"): probe}) as prober:
        time.sleep(1.2)
    assert asked[:3] == [0, 1, 2], "each question has its number"
    seen = away("nexus", "read", prober.samples["nexus", "read"])
    assert (seen.first, seen.last, seen.failed) == ("ConnectionError", "status 503", 2)
    assert seen.requests >= 4
    assert seen.seconds >= 0.5
