"""What certificate a service shows, checked against the run's trust."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from conformance.clients.http import Unavailable
from conformance.core.nonconformance import NonConformance
from environments.base import Service
from environments.ecr.dial import split_address


@dataclass(frozen=True, slots=True)
class Certificate:
    names: tuple[str, ...]
    until: datetime


def shown_by(service: Service, ca_bundle: str) -> Certificate:
    """The certificate of an HTTPS service, by its own name.

    Raises:
        NonConformance: it is not trusted, or not for this name.
        Unavailable: no server answers there.
    """
    url = urlsplit(service.url)
    host = url.hostname or ""
    address = split_address(service.connect) if service.connect else (host, url.port or 443)
    context = ssl.create_default_context(cafile=ca_bundle or None)
    try:
        with (
            socket.create_connection(address, timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert() or {}
    except ssl.SSLError as error:
        raise NonConformance(
            f"the certificate of {host} is not trusted",
            expected=f"a certificate for {host} of an authority that clients trust",
            observed=str(error),
            remedy="issue it for this name, and hand its authority to nodes, pods and clients",
        ) from error
    except OSError as error:
        raise Unavailable(
            f"{host} does not answer",
            where=f"{address[0]}:{address[1]}",
            observed=str(error),
            remedy="look whether it runs and is reachable from here",
        ) from error
    names = tuple(str(entry[1]) for entry in shown.get("subjectAltName", ()))
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
    return Certificate(names, until)
