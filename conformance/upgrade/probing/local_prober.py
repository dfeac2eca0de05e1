"""Probes every service during an upgrade, from outside the cluster.

One thread for each probe sends a request every quarter of a second, with time limits of its own and without
retries: an outage that the suites' clients would wait for is measured here. A service that comes, goes and
comes again counts as away in between.
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
from conformance.upgrade.probing.probes import Probe, numbered

INTERVAL = 0.25
LIMITS = (1.0, 2.0)
#: sends the request of this number and returns its status
Send = Callable[[int], int]
Name = tuple[str, str]


class LocalProber:
    """Probes while it is entered; `samples` can be read at any time."""

    def __init__(self, senders: Mapping[Name, Send]) -> None:
        self.samples: dict[Name, list[Sample]] = {name: [] for name in senders}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._probe, args=(name, send), name=f"probe {name}", daemon=True)
            for name, send in senders.items()
        ]

    def __enter__(self) -> LocalProber:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _probe(self, name: Name, send: Send) -> None:
        while not self._stop.is_set():
            sent, number = time.monotonic(), len(self.samples[name])
            try:
                status = send(number)
                fault = f"status {status}" if status >= 400 else ""
            except requests.RequestException as error:
                fault = type(error).__name__
            answered = time.monotonic()
            self.samples[name].append(Sample(sent=sent, answered=answered, fault=fault, number=number))
            self._stop.wait(INTERVAL)


def senders(stack: StackClients, probes: Iterable[Probe]) -> dict[Name, Send]:
    """Each probe as a function, in a session of its own with the same login, trust and address."""
    services = {"jenkins": stack.jenkins.http, "nexus": stack.nexus.http, "registry": stack.registry().http}
    return {probe.name: _sender(services[probe.service], probe) for probe in probes}


def _sender(http: Http, probe: Probe) -> Send:
    login = http.session.auth
    own = http.as_login(login if isinstance(login, tuple) else None).session

    def send(number: int) -> int:
        headers = dict(probe.headers or {})
        if probe.crumb:
            crumb = own.get(f"{http.base}/crumbIssuer/api/json", timeout=LIMITS)
            if crumb.status_code != 200:
                return crumb.status_code
            headers[crumb.json()["crumbRequestField"]] = crumb.json()["crumb"]
        url = http.base + numbered(probe.service, probe.path, number)
        data = probe.body or None
        return own.request(probe.method, url, data=data, headers=headers, timeout=LIMITS).status_code

    return send
