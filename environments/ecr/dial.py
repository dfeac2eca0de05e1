"""HTTPS to a service by its name while dialling another address, for requests.

`Service.connect` is where a port of the cluster appears on the test host; TLS, SNI and Host keep the name,
so nothing is switched off and the certificate is checked against what clients in the cluster use.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from environments.base import Service


def session(service: Service, ca_bundle: str = "") -> requests.Session:
    """A session for `service` that trusts `ca_bundle` (a PEM file) and nothing else when one is given.

    With a bundle or an address of its own, the environment's REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and
    proxies are not used: in requests they win over a session's `verify`.
    """
    made = requests.Session()
    if ca_bundle or service.connect:
        made.trust_env = False
        made.verify = ca_bundle or True
    if service.connect:
        made.mount(service.url.rstrip("/"), DialAdapter(service.connect))
    return made


def split_address(connect: str) -> tuple[str, int]:
    """`host:port` to its parts. Raises ValueError."""
    host, _, port = connect.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"{connect!r} is not host:port")
    return host, int(port)


class DialAdapter(HTTPAdapter):
    """Opens connections to `connect`, whatever host the URL names."""

    def __init__(self, connect: str) -> None:
        self._address = split_address(connect)
        super().__init__()

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> Any:
        """requests' own hook for where and how to connect (2.32.2)."""
        named, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        dialled = {**named, "host": self._address[0], "port": self._address[1]}
        if named["scheme"] == "https":
            return dialled, {**pool, "server_hostname": named["host"], "assert_hostname": named["host"]}
        return dialled, pool

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        # without it, http.client would name the dialled address
        request.headers.setdefault("Host", urlsplit(request.url or "").netloc)
        return super().send(request, *args, **kwargs)
