"""The application: the answer of each path."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import quote

from .access import CATALOG, PING, Gate, Target, target_of
from .api import Api
from .pushes import Manifests
from .records import Records
from .settings import Settings
from .sigv4 import Verifier
from .storage import read
from .tokens import Tokens, shared_secret
from .upstream import Registry
from .wire import REGISTRY_VERSION, Answer, Request, json_answer, registry_error

#: nginx sends a request here before it passes it to the registry
AUTHORIZE = "/authorize"
HEALTH = "/healthz"


@dataclass(frozen=True, slots=True)
class App:
    gate: Gate
    api: Api
    manifests: Manifests
    records: Records
    registry: Registry

    def __call__(self, request: Request) -> Answer:
        if request.path == AUTHORIZE:
            return self._authorize(request)
        if request.path == HEALTH:
            return self._health()
        if request.path in PING or request.path.startswith("/v2/"):
            return self.gate.refusal(request) or self._registry(request)
        if request.method == "POST" and request.path == "/":
            return self.api(request)
        return json_answer(404, {"__type": "UnknownOperationException", "message": "not an API call"})

    def _authorize(self, request: Request) -> Answer:
        """204 or 403; the client gets the reason on the request's own path."""
        original = Request(
            request.headers.get("x-original-method", ""),
            request.headers.get("x-original-uri", ""),
            request.headers,
        )
        return Answer(403 if self.gate.refusal(original) else 204)

    def _registry(self, request: Request) -> Answer:
        if request.path == CATALOG:
            return listing(request, "repositories", list(self.records))
        target = target_of(request.path)
        if target is not None and target.reference:
            return self._manifest(request, target)
        if target is not None and request.path.endswith("/tags/list") and request.method == "GET":
            return listing(request, "tags", self.records.tags(target.repository), ("name", target.repository))
        return registry_error(405, "UNSUPPORTED", "The operation is unsupported.")

    def _manifest(self, request: Request, target: Target) -> Answer:
        if request.method == "PUT":
            return self.manifests.put(target, request)
        if request.method == "DELETE":
            return self.manifests.delete(target, request)
        return registry_error(405, "UNSUPPORTED", "The operation is unsupported.")

    def _health(self) -> Answer:
        try:
            answer = self.registry.send("GET", "/v2/", {})
        except OSError as error:
            return json_answer(503, {"registry": str(error)})
        return json_answer(200 if answer.status == 200 else 503, {"registry": answer.status})


def listing(request: Request, key: str, names: list[str], *more: tuple[str, str]) -> Answer:
    """One page of `names` (sorted): `last` is the end of the page before, `n` the wanted number."""
    query = request.query
    wanted, last = query.get("n", ""), query.get("last", "")
    if wanted and not wanted.isdigit():
        return registry_error(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
    rest = [name for name in names if name > last] if last else names
    page = rest[: int(wanted)] if wanted else rest
    headers: tuple[tuple[str, str], ...] = (REGISTRY_VERSION,)
    if page and len(page) < len(rest):
        headers = (*headers, ("Link", f'<{request.path}?n={wanted}&last={quote(page[-1])}>; rel="next"'))
    return Answer(
        200, (("Content-Type", "application/json"), *headers), json.dumps({**dict(more), key: page}).encode()
    )


def build(settings: Settings, registry: Registry) -> App:
    """The application over the volume in `settings`, rebuilt from its content."""
    records = Records(settings.account, settings.region, settings.host, settings.repositories_file)
    records.load(read(settings.registry_root))
    tokens = Tokens(shared_secret(settings.secret_file), settings.token_seconds)
    manifests = Manifests(records, registry, settings.registry_root)
    verifier = Verifier(settings.access_key_id, settings.secret_access_key, settings.region)
    return App(
        gate=Gate(tokens, records, settings.account, settings.host),
        api=Api(verifier, records, manifests, tokens),
        manifests=manifests,
        records=records,
        registry=registry,
    )
