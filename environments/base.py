"""What an environment hands to fixtures: addresses and credentials, nothing about how they came to be.

`Endpoints` is frozen and goes through JSON, so that the process that stands the stack up can
hand it to xdist workers and to later runs.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password (or token). The password never appears in `repr`."""

    username: str
    password: str = dataclasses.field(repr=False)


@dataclass(frozen=True, slots=True)
class Service:
    """An HTTP service as the test host reaches it.

    `url` is the name that the service knows itself by. `connect` is `host:port` to dial instead
    when that name does not resolve on the test host (TLS and Host still use the name).
    """

    url: str
    login: Login | None = None
    connect: str | None = None


@dataclass(frozen=True, slots=True)
class RegistryEndpoint:
    """An ECR: `host` is the one name in image references; `api` is the AWS API endpoint."""

    host: str
    api: Service
    data: Service
    account: str
    region: str
    backend: str
    #: a token that was good once and has ended, where the backend can make one (a simulator's own)
    ended: Login | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the stack that a report names; `simulator` names what runs in its place, or is empty."""

    name: str
    version: str
    image: str = ""
    digest: str = ""
    simulator: str = ""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """All that suites may know of where they run."""

    run_id: str
    environment: str
    kubeconfig: str
    context: str
    ca_bundle: str
    jenkins: Service
    nexus: Service
    registry: RegistryEndpoint
    components: tuple[Component, ...] = ()
    #: may checks that write be run here (always on kind, `--allow-writes` elsewhere)
    writable: bool = True
    #: was it stood up for the harness alone (then checks may change what everybody gets, and put it back)
    disposable: bool = False
    #: may services be restarted here (always on kind, `--allow-disruption` elsewhere)
    disruptible: bool = True
    #: file of `conformance.core.timeline` events of the stand-up, or empty
    timeline: str = ""
    #: the OCI distribution conformance suite's program, where it was built, or empty
    oci_conformance: str = ""

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Endpoints:
        """What `to_json` wrote; what another version of the harness wrote besides is passed over."""
        raw: dict[str, Any] = json.loads(text)
        registry, ended = raw["registry"], raw["registry"].get("ended")
        read = {
            "jenkins": _service(raw["jenkins"]),
            "nexus": _service(raw["nexus"]),
            "registry": _known(
                RegistryEndpoint,
                registry
                | {"api": _service(registry["api"]), "data": _service(registry["data"])}
                | {"ended": Login(**ended) if ended else None},
            ),
            # `stand_in`: the field's name before 0.1.0
            "components": tuple(
                _known(Component, {"simulator": part.get("stand_in", "")} | part)
                for part in raw["components"]
            ),
        }
        return _known(cls, raw | read)


def _known(kind: Callable[..., T], raw: dict[str, Any]) -> T:
    names = inspect.signature(kind).parameters
    return kind(**{name: value for name, value in raw.items() if name in names})


def _service(raw: dict[str, Any]) -> Service:
    login = raw["login"]
    return Service(url=raw["url"], login=Login(**login) if login else None, connect=raw["connect"])
