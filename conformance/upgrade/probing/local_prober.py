"""Asks every service while an upgrade goes on, from outside the cluster.

One thread for each question asks every quarter of a second, with time limits of its own and no retries: what
the suites' clients would wait out is what is measured here. A service that comes, goes and comes again counts
as away in between.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType

import requests

from conformance.clients.http import Http
from conformance.clients.stack_clients import StackClients
from conformance.upgrade.probing.availability import Sample
from conformance.upgrade.probing.probes import Question, numbered

INTERVAL = 0.25
LIMITS = (1.0, 2.0)
#: sends the question of this number and returns its status
Probe = Callable[[int], int]
Name = tuple[str, str]


class Prober:
    """Asks while it is entered; `samples` at any time."""

    def __init__(self, probes: Mapping[Name, Probe]) -> None:
        self.samples: dict[Name, list[Sample]] = {name: [] for name in probes}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(name, probe), name=f"probe {name}", daemon=True)
            for name, probe in probes.items()
        ]

    def __enter__(self) -> Prober:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, name: Name, probe: Probe) -> None:
        while not self._stop.is_set():
            asked, number = time.monotonic(), len(self.samples[name])
            try:
                status = probe(number)
                fault = f"status {status}" if status >= 400 else ""
            except requests.RequestException as error:
                fault = type(error).__name__
            answered = time.monotonic()
            self.samples[name].append(Sample(asked=asked, answered=answered, fault=fault, number=number))
            self._stop.wait(INTERVAL)


def probes(stack: StackClients, asked: Iterable[Question]) -> dict[Name, Probe]:
    """Each question as a call, in a session of its own with the same login, trust and way in."""
    services = {"jenkins": stack.jenkins.http, "nexus": stack.nexus.http, "registry": stack.registry().http}
    return {question.name: _probe(services[question.service], question) for question in asked}


def _probe(http: Http, question: Question) -> Probe:
    login = http.session.auth
    own = http.as_login(login if isinstance(login, tuple) else None).session

    def probe(number: int) -> int:
        headers = dict(question.headers or {})
        if question.crumb:
            crumb = own.get(f"{http.base}/crumbIssuer/api/json", timeout=LIMITS)
            if crumb.status_code != 200:
                return crumb.status_code
            headers[crumb.json()["crumbRequestField"]] = crumb.json()["crumb"]
        url = http.base + numbered(question.service, question.path, number)
        data = question.body or None
        return own.request(question.method, url, data=data, headers=headers, timeout=LIMITS).status_code

    return probe
