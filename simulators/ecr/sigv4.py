"""Checking AWS Signature Version 4 of an API call.

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html, header form only: the form
that SDKs, the AWS CLI, Terraform and `curl --aws-sigv4` use for this service.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

from .wire import Request

ALGORITHM = "AWS4-HMAC-SHA256"
HEADER = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/,\s]+)/(?P<day>\d{{8}})/(?P<region>[^/]+)/(?P<service>[^/]+)/"
    r"aws4_request,"
    r"\s*SignedHeaders=(?P<signed>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
#: AWS tolerates five minutes between the clocks
SKEW = 300


class Unsigned(Exception):
    """`code` and the text are those of AWS."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verifier:
    """Accepts one access key, for one region and service."""

    access_key_id: str
    secret_access_key: str
    region: str
    service: str = "ecr"
    clock: Callable[[], float] = time.time

    def verify(self, request: Request) -> None:
        """Return when the signature is right. Raises Unsigned."""
        header = request.headers.get("authorization", "")
        if not header:
            raise Unsigned("MissingAuthenticationTokenException", "Missing Authentication Token")
        parts = HEADER.fullmatch(header.strip())
        if parts is None:
            raise Unsigned(
                "IncompleteSignatureException", "Authorization header is not a Signature Version 4"
            )
        if parts["key"] != self.access_key_id:
            raise Unsigned(
                "UnrecognizedClientException", "The security token included in the request is invalid."
            )
        if (parts["region"], parts["service"]) != (self.region, self.service):
            raise Unsigned(
                "InvalidSignatureException",
                f"Credential should be scoped to a valid region and service: {self.region}, {self.service}.",
            )
        stamp = request.headers.get("x-amz-date", "")
        self._check_time(stamp, parts["day"])
        signed = parts["signed"].split(";")
        if "host" not in signed:
            raise Unsigned("InvalidSignatureException", "The host header must be signed.")
        scope = f"{parts['day']}/{self.region}/{self.service}/aws4_request"
        expected = self._sign(
            parts["day"], f"{ALGORITHM}\n{stamp}\n{scope}\n{_hash(canonical(request, signed))}"
        )
        if not hmac.compare_digest(expected, parts["signature"]):
            raise Unsigned(
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method.",
            )

    def _check_time(self, stamp: str, day: str) -> None:
        try:
            at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError as error:
            raise Unsigned("IncompleteSignatureException", "X-Amz-Date is missing or malformed.") from error
        if not stamp.startswith(day) or abs(self.clock() - at.timestamp()) > SKEW:
            raise Unsigned("InvalidSignatureException", f"Signature expired: {stamp} is not now.")

    def _sign(self, day: str, text: str) -> str:
        key = f"AWS4{self.secret_access_key}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), hashlib.sha256)
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical(request: Request, signed: list[str]) -> bytes:
    """The canonical request over the headers named in `signed`."""
    query = request.target.partition("?")[2]
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(query, keep_blank_values=True)
    )
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in signed)
    lines = (
        request.method,
        quote(request.path, safe="/-_.~%"),
        "&".join(f"{name}={value}" for name, value in pairs),
        headers,
        ";".join(signed),
        hashlib.sha256(request.body).hexdigest(),
    )
    return "\n".join(lines).encode()


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
