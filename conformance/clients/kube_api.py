"""One request to the Kubernetes API: how it is sent, written into the journal, and reported when it fails.

Of the `kubernetes` package this takes what knows kubeconfigs, logins and TLS. Its models are left out: checks
want JSON, and the classes of one API group take longer to import (1.4 s, measured) than most checks to run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import urllib3
from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

from conformance.clients.http import PATIENCE, Exchange, Journal, Unavailable
from conformance.core.errors import EnvironmentFailure, WaitTimeout
from conformance.core.waiting import eventually

UNAVAILABLE = frozenset({429, 500, 502, 503, 504})
JSON = "application/json"
#: seconds for one request
LONGEST = 30

Json = dict[str, Any]
Query = Iterable[tuple[str, str]]


def path_of(group: str, kind: str, namespace: str = "", name: str = "") -> str:
    """Path of a resource: `group` is `v1` or `apps/v1`, `kind` the plural, `namespace` empty for all."""
    parts = [f"/api/{group}" if "/" not in group else f"/apis/{group}"]
    parts += ["namespaces", quote(namespace, safe="")] if namespace else []
    parts += [kind, quote(name, safe="")] if name else [kind]
    return "/".join(parts)


class KubeApi:
    """One cluster through one kubeconfig context; subclasses send the requests.

    Raises EnvironmentFailure when the kubeconfig cannot be used.
    """

    def __init__(self, kubeconfig: str, context: str = "", journal: Journal | None = None) -> None:
        self.kubeconfig = str(Path(kubeconfig).expanduser()) if kubeconfig else ""
        self.context = context
        self.journal = journal if journal is not None else Journal()
        settings = client.Configuration()
        load: Any = config.load_kube_config
        try:
            load(config_file=self.kubeconfig or None, context=context or None, client_configuration=settings)
        except (ConfigException, OSError) as error:
            raise EnvironmentFailure(
                f"cannot read the kubeconfig {kubeconfig or '(default)'}",
                observed=str(error),
                remedy="give the kubeconfig of a cluster that is up, and a context that is in it",
            ) from error
        settings.retries = False  # hidden retries would hide the first failure
        self._settings = settings
        self._api = client.ApiClient(settings)

    def _note(self, method: str, what: str, start: float, status: int, fault: str = "") -> None:
        self.journal.add(Exchange(method, f"kubernetes:{what}", status, time.monotonic() - start, fault))

    def _signed(
        self, method: str, path: str, query: Query = (), body: Any = None, *, kind: str = JSON
    ) -> tuple[Any, ...]:
        """Method, URL, headers with the login, and body, as the package's own calls send them."""
        headers = {"Accept": "application/json, */*", **({"Content-Type": kind} if body is not None else {})}
        signed: tuple[Any, ...] = self._api.param_serialize(
            method,
            path,
            query_params=list(query),
            header_params=headers,
            body=body,
            auth_settings=["BearerToken"],
        )
        return signed

    def _sent(self, what: str, signed: tuple[Any, ...], **missing: Any) -> Any:
        """The answer's text to one request; what is not there is `missing`, if that is given."""
        start = time.monotonic()
        try:
            method, url, headers, body, _ = signed
            answer = self._api.call_api(method, url, headers, body, _request_timeout=LONGEST)
            text = bytes(answer.read() or b"").decode(errors="replace")
        except (client.ApiException, urllib3.exceptions.HTTPError, OSError) as error:
            self._note("API", what, start, 0, f"{type(error).__name__}: {error}"[:300])
            raise Unavailable(
                f"the Kubernetes API cannot be reached: {what}",
                where=self._settings.host,
                observed=str(error)[:400],
                remedy="check that the cluster is up: kubectl get nodes",
            ) from error
        status = int(answer.status)
        away = status in UNAVAILABLE
        self._note("API", what, start, status, f"status {status}" if away else "")
        if status == 404 and "missing" in missing:
            return missing["missing"]
        if status >= 300:
            raise (Unavailable if away else EnvironmentFailure)(
                f"the Kubernetes API does not answer: {what}",
                where=self._settings.host,
                observed=f"{status} {answer.reason}: {' '.join(text.split())[:400]}",
                remedy="check that the kubeconfig's user may do this, and that the API server is healthy",
            )
        return text

    def _change(
        self,
        what: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Query = (),
        kind: str = JSON,
        **missing: Any,
    ) -> Any:
        """A request that is made once; its answer as JSON."""
        text = self._sent(what, self._signed(method, path, query, body, kind=kind), **missing)
        return json.loads(text) if isinstance(text, str) else text

    def _read(self, what: str, path: str, query: Query = (), body: Any = None, **missing: Any) -> Any:
        """A request that changes nothing: outlasts an API server that is away for a moment."""
        boxed: list[Any] = [None]

        def probe() -> bool:
            boxed[0] = self._change(
                what, "GET" if body is None else "POST", path, body, query=query, **missing
            )
            return True

        try:
            eventually(
                probe, what=f"the Kubernetes API returns {what}", timeout=PATIENCE, transient=(Unavailable,)
            )
        except WaitTimeout as error:
            raise Unavailable(error.what, where=self._settings.host, observed=error.observed) from error
        return boxed[0]

    def objects(
        self, what: str, group: str, kind: str, namespace: str = "", **selectors: str
    ) -> tuple[Json, ...]:
        """Every object of a kind; `selectors`: labelSelector, fieldSelector."""
        query = [(name, value) for name, value in selectors.items() if value]
        found: Mapping[str, Any] = self._read(what, path_of(group, kind, namespace), query)
        return tuple(found.get("items") or ())
