"""`StackClients`: one client for each service of one stack.

Commands make it with `connect`, checks get it as the fixture `clients`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from requests.adapters import HTTPAdapter

from conformance.clients.http import Http, Journal
from conformance.clients.jenkins import Jenkins
from conformance.clients.kubernetes import Cluster
from conformance.clients.nexus import Nexus
from conformance.clients.registry import EcrApi, Registry, Token
from conformance.contract.model import Contract
from environments.base import Endpoints, Login, Service
from environments.ecr.client import ecr_client
from environments.ecr.dial import DialAdapter


@dataclass(frozen=True)
class StackClients:
    """The clients of one stack: what it must be (`contract`), where it is (`endpoints`), and its services.

    Each client is made at its first use; making one sends no request. All of them write their exchanges into
    `journal`, which belongs to one process.
    """

    contract: Contract
    endpoints: Endpoints
    journal: Journal = field(default_factory=Journal)

    @cached_property
    def kube(self) -> Cluster:
        """The Kubernetes API, by the kubeconfig of the endpoints."""
        return Cluster(self.endpoints.kubeconfig, self.endpoints.context, self.journal)

    @cached_property
    def jenkins(self) -> Jenkins:
        """Jenkins, logged in as the administrator."""
        return Jenkins(http_of(self.endpoints.jenkins, self.endpoints, self.journal, "Jenkins"))

    @cached_property
    def nexus(self) -> Nexus:
        """Nexus, logged in as the administrator."""
        return Nexus(http_of(self.endpoints.nexus, self.endpoints, self.journal, "Nexus"))

    @cached_property
    def ecr(self) -> EcrApi:
        """The AWS API of the registry."""
        return EcrApi(ecr_client(self.endpoints.registry, self.endpoints.ca_bundle), self.endpoints.registry)

    def registry(self, token: Token | None = None) -> Registry:
        """The distribution API of the registry, logged in with `token`; without one with a fresh one."""
        token, address = token or self.ecr.token(), self.endpoints.registry
        service = Service(address.data.url, Login(token.username, token.password), address.data.connect)
        return Registry(http_of(service, self.endpoints, self.journal, "the registry"), address)


def http_of(service: Service, endpoints: Endpoints, journal: Journal, name: str) -> Http:
    """An HTTP session for one service of a stack.

    It dials where the service says (`Service.connect`), trusts the authorities of the endpoints and writes
    into `journal`; errors call the service by `name`.
    """
    adapter: HTTPAdapter | None = DialAdapter(service.connect) if service.connect else None
    return Http(service, ca_bundle=endpoints.ca_bundle, journal=journal, adapter=adapter, name=name)
