"""All services of one stack as hands to work with, for whoever has endpoints."""

from __future__ import annotations

from dataclasses import dataclass

from requests.adapters import HTTPAdapter

from conformance.clients.http import Http, Journal
from conformance.clients.jenkins import Jenkins
from conformance.clients.kubernetes import Cluster
from conformance.clients.nexus import Nexus
from conformance.clients.registry import EcrApi, Registry
from conformance.contract.model import Contract
from environments.base import Endpoints, Login, Service
from environments.ecr.client import ecr_client
from environments.ecr.dial import DialAdapter


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack: what it must be, where it is, and a hand for each service."""

    contract: Contract
    endpoints: Endpoints
    kube: Cluster
    jenkins: Jenkins
    nexus: Nexus
    ecr: EcrApi
    journal: Journal

    def registry(self) -> Registry:
        """The distribution API with a fresh token."""
        token, address = self.ecr.token(), self.endpoints.registry
        service = Service(address.data.url, Login(token.username, token.password), address.data.connect)
        return Registry(http_of(service, self.endpoints, self.journal, "the registry"), address)


def connect(endpoints: Endpoints, contract: Contract) -> Stack:
    """Hands for the stack at `endpoints`; nothing is asked of it yet, but the kubeconfig is read."""
    journal = Journal()
    return Stack(
        contract,
        endpoints,
        Cluster(endpoints.kubeconfig, endpoints.context, journal),
        Jenkins(http_of(endpoints.jenkins, endpoints, journal, "Jenkins")),
        Nexus(http_of(endpoints.nexus, endpoints, journal, "Nexus")),
        EcrApi(ecr_client(endpoints.registry, endpoints.ca_bundle), endpoints.registry),
        journal,
    )


def http_of(service: Service, endpoints: Endpoints, journal: Journal, name: str) -> Http:
    """HTTP to one service of a stack, as checks speak it."""
    adapter: HTTPAdapter | None = DialAdapter(service.connect) if service.connect else None
    return Http(service, ca_bundle=endpoints.ca_bundle, journal=journal, adapter=adapter, name=name)
