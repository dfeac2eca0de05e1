"""A boto3 client for an ECR, dialled where the test host can reach it.

botocore emits `before-send` for each prepared (and signed) request and takes an answer from there instead
of sending it itself: the public place to put another transport. Requests keep the registry's name in URL,
Host, SNI and signature; only the address of the connection differs.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import urllib3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError, SSLError

from environments.base import RegistryEndpoint
from environments.ecr.dial import split_address

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient

CONNECT_SECONDS = 10
READ_SECONDS = 60


def ecr_client(registry: RegistryEndpoint, ca_bundle: str = "", profile: str = "") -> ECRClient:
    """A client for `registry.api`, with its login or else AWS' own chain (`profile`).

    `ca_bundle` (a PEM file) is trusted instead of the host's store; AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE and
    proxies of the environment then do not count. Without it and without `api.connect` the client is
    botocore's own in every respect.
    """
    login = registry.api.login
    pinned = bool(ca_bundle or registry.api.connect)
    session = boto3.Session(
        aws_access_key_id=login.username if login else None,
        aws_secret_access_key=login.password if login else None,
        region_name=registry.region,
        profile_name=profile or None,
    )
    client: ECRClient = session.client(
        "ecr",
        endpoint_url=registry.api.url,
        verify=(ca_bundle or True) if pinned else None,
        config=Config(
            # an answer of the registry is evidence: what it said first is what counts
            retries={"total_max_attempts": 1, "mode": "standard"},
            proxies={} if pinned else None,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
        ),
    )
    if registry.api.connect:
        send: Any = DialledSender(registry.api.url, registry.api.connect, ca_bundle)
        client.meta.events.register("before-send.ecr.*", send)
    return client


class DialledSender:
    """Sends botocore's requests over connections to `connect`."""

    def __init__(self, url: str, connect: str, ca_bundle: str) -> None:
        parts = urlsplit(url)
        host, port = split_address(connect)
        self._url = url
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._pool: urllib3.HTTPConnectionPool
        if parts.scheme == "https":
            self._pool = urllib3.HTTPSConnectionPool(
                host,
                port,
                timeout=timeout,
                ca_certs=ca_bundle or None,
                cert_reqs="CERT_REQUIRED",
                server_hostname=parts.hostname,
                assert_hostname=parts.hostname,
            )
        else:
            self._pool = urllib3.HTTPConnectionPool(host, port, timeout=timeout)
        self._host = parts.netloc

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> Any:
        """Answer the event. Raises botocore's exceptions, so that callers see one kind."""
        target = urlsplit(request.url)
        body: Any = request.body
        headers = {str(name): _text(value) for name, value in request.headers.items()}
        try:
            answer = self._pool.urlopen(
                request.method,
                target.path + (f"?{target.query}" if target.query else ""),
                body=body,
                headers={"Host": self._host, **headers},
                retries=False,
                preload_content=False,
                decode_content=False,
            )
        except urllib3.exceptions.SSLError as error:
            # a handshake that breaks off is a connection that failed, not a certificate that is wrong
            kind = SSLError if _is_certificate(error) else EndpointConnectionError
            raise kind(endpoint_url=self._url, error=error) from error
        except urllib3.exceptions.NewConnectionError as error:
            # in urllib3 also a kind of timeout
            raise EndpointConnectionError(endpoint_url=self._url, error=error) from error
        except urllib3.exceptions.ConnectTimeoutError as error:
            raise ConnectTimeoutError(endpoint_url=self._url, error=error) from error
        except urllib3.exceptions.ReadTimeoutError as error:
            raise ReadTimeoutError(endpoint_url=self._url, error=error) from error
        except urllib3.exceptions.HTTPError as error:
            raise EndpointConnectionError(endpoint_url=self._url, error=error) from error
        fields: Any = HeadersDict(answer.headers)
        return AWSResponse(request.url, answer.status, fields, answer)


def _is_certificate(error: urllib3.exceptions.SSLError) -> bool:
    return any(isinstance(each, ssl.CertificateError) for each in (*error.args, error.__cause__))


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
