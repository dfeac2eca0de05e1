"""The HTTP layer of all clients: explicit trust, nothing from the environment, time limits, a journal.

The one rule about faults: a request that reads (GET, HEAD) waits with `eventually` through 502, 503,
504 and broken connections, because a service may be starting or restarting; the journal keeps every such
fault, the first one included. A request that changes something is sent exactly once, because it is unknown
whether a broken one was carried out. A fault that stays is an `EnvironmentFailure`, never the stack's
non-conformance.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from conformance.core.errors import EnvironmentFailure, WaitTimeout
from conformance.core.nonconformance import NonConformance
from conformance.core.waiting import eventually
from environments.base import Service

log = logging.getLogger(__name__)

#: seconds to connect, seconds between two bytes of an answer
TIMEOUT = (5.0, 60.0)
#: seconds for which a reading request outlasts a service that is away
PATIENCE = 30.0
UNAVAILABLE = frozenset({502, 503, 504})
READS = frozenset({"GET", "HEAD"})


class Unavailable(EnvironmentFailure):
    """The service did not answer, or answered 502, 503 or 504."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and how it ended: `status` 0 means a connection that failed."""

    method: str
    url: str
    status: int
    seconds: float
    fault: str = ""


@dataclass(slots=True)
class Journal:
    """The exchanges of one process with the stack; `mark` and `since` select those of one check."""

    exchanges: list[Exchange] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        if exchange.fault:
            log.warning("%s %s: %s", exchange.method, exchange.url, exchange.fault)

    def mark(self) -> int:
        return len(self.exchanges)

    def since(self, mark: int) -> tuple[Exchange, ...]:
        return tuple(self.exchanges[mark:])


class Http:
    """Requests to one service.

    `base` is the service's URL; paths are joined to it as they are. The CA bundle is given with
    every request, so that REQUESTS_CA_BUNDLE of the host never wins.
    """

    def __init__(
        self,
        service: Service,
        *,
        ca_bundle: str = "",
        auth: tuple[str, str] | None = None,
        journal: Journal | None = None,
        adapter: HTTPAdapter | None = None,
        patience: float = PATIENCE,
        name: str = "",
    ) -> None:
        self.base = service.url.rstrip("/")
        self.name = name or urlsplit(service.url).netloc
        self.journal = journal if journal is not None else Journal()
        self.patience = patience
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = ca_bundle or True
        self.session.auth = auth or _login(service)
        if adapter is not None:
            self.session.mount(f"{urlsplit(service.url).scheme}://", adapter)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.request("GET", path, **options)

    def head(self, path: str, **options: Any) -> requests.Response:
        return self.request("HEAD", path, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> requests.Response:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> requests.Response:
        return self.request("DELETE", path, **options)

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """The answer, whatever its status except 502, 503 and 504. `path` may be a whole URL.

        `answers` are those of the three that say something here and are handed back.

        Raises:
            Unavailable: no answer, or 502/503/504 (for GET and HEAD: for `patience` seconds).
        """
        url = path if "://" in path else self.base + path
        prepared = self.session.prepare_request(requests.Request(method, url, **_request_part(options)))
        return self.send(prepared, **_send_part(options))

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a prepared request by the rule of this module."""
        if request.method not in READS:
            return self._once(request, options)
        try:
            return eventually(
                lambda: self._once(request, options),
                what=f"{self.name} answers {request.method} {_path(request)}",
                timeout=self.patience,
                until=lambda answer: answer is not None,
                transient=(Unavailable,),
                remedy=f"look at the log of {self.name}: it is away or overloaded",
            )
        except WaitTimeout as error:
            raise Unavailable(
                error.what, where=str(request.url), observed=error.observed, remedy=error.remedy
            ) from error

    def _once(self, request: requests.PreparedRequest, options: Mapping[str, Any]) -> requests.Response:
        start = time.monotonic()
        method, url = str(request.method), str(request.url)
        sent: dict[str, Any] = {
            "timeout": TIMEOUT,
            "verify": self.session.verify,
            "allow_redirects": False,
            **options,
        }
        away = UNAVAILABLE - sent.pop("answers", frozenset())
        try:
            answer = self.session.send(request, **sent)
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            fault = f"{type(error).__name__}: {error}"[:500]
            self.journal.add(Exchange(method, url, 0, time.monotonic() - start, fault))
            raise Unavailable(
                f"{self.name} did not answer {method} {_path(request)}",
                where=url,
                observed=fault,
                remedy=f"look whether {self.name} runs and is reachable from here",
            ) from error
        fault = f"status {answer.status_code}" if answer.status_code in away else ""
        self.journal.add(Exchange(method, url, answer.status_code, time.monotonic() - start, fault))
        if fault:
            raise Unavailable(
                f"{self.name} answered {answer.status_code} to {method} {_path(request)}",
                where=url,
                observed=answer.text[:500],
                remedy=f"look at the log of {self.name}: it is starting, stopping or overloaded",
            )
        return answer

    @contextmanager
    def anonymous(self) -> Iterator[Http]:
        """The same service without a login and without cookies."""
        other = self.as_login(None)
        try:
            yield other
        finally:
            other.session.close()

    def as_login(self, auth: tuple[str, str] | None) -> Http:
        """The same service with another login, in a session of its own."""
        other = object.__new__(Http)
        other.base, other.name, other.journal, other.patience = (
            self.base,
            self.name,
            self.journal,
            self.patience,
        )
        other.session = requests.Session()
        other.session.trust_env = False
        other.session.verify = self.session.verify
        other.session.auth = auth
        for prefix, adapter in self.session.adapters.items():
            other.session.mount(prefix, adapter)
        return other


def expect(answer: requests.Response, *statuses: int, what: str, remedy: str = "") -> requests.Response:
    """The answer, if its status is one of `statuses`; NonConformance otherwise."""
    if answer.status_code not in statuses:
        raise NonConformance(
            f"{what}: status {answer.status_code}",
            expected="status " + " or ".join(str(status) for status in statuses),
            observed=f"{answer.request.method} {answer.request.url} -> {answer.status_code} {answer.reason}: "
            + " ".join(answer.text.split())[:400],
            remedy=remedy,
        )
    return answer


def _login(service: Service) -> tuple[str, str] | None:
    return (service.login.username, service.login.password) if service.login else None


_SEND_OPTIONS = frozenset({"timeout", "stream", "allow_redirects", "answers"})


def _request_part(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key not in _SEND_OPTIONS}


def _send_part(options: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key in _SEND_OPTIONS}


def _path(request: requests.PreparedRequest) -> str:
    return urlsplit(str(request.url)).path
