"""Signatures made by botocore and by curl's documented algorithm must verify; changed ones must not."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.ecr.sigv4 import Unsigned, Verifier
from simulators.ecr.wire import Request

from .loopback import HOST, KEY_ID, SECRET

VERIFIER = Verifier(KEY_ID, SECRET, "us-east-1")


def signed(
    body: bytes = b"{}",
    key: str = KEY_ID,
    secret: str = SECRET,
    region: str = "us-east-1",
    service: str = "ecr",
) -> Request:
    request = AWSRequest(
        "POST",
        f"https://{HOST}/",
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
        },
        data=body,
    )
    SigV4Auth(Credentials(key, secret), service, region).add_auth(request)
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    return Request("POST", "/", {"host": HOST, **headers}, body)


def refused(request: Request, verifier: Verifier = VERIFIER) -> str:
    with pytest.raises(Unsigned) as refusal:
        verifier.verify(request)
    return refusal.value.code


# no deadline: the first signature loads botocore's tables, on a busy machine slowly
@settings(deadline=None)
@given(st.binary(max_size=200))
def test_what_botocore_signs_verifies(body: bytes) -> None:
    VERIFIER.verify(signed(body))


def test_a_changed_body_or_header_or_secret_does_not() -> None:
    request = signed(b'{"a":1}')
    assert refused(replace(request, body=b'{"a":2}')) == "InvalidSignatureException"
    other = {**request.headers, "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.DeleteRepository"}
    assert refused(replace(request, headers=other)) == "InvalidSignatureException"
    assert refused(replace(request, headers={**request.headers, "host": "elsewhere"})) == (
        "InvalidSignatureException"
    )
    assert refused(signed(secret="another")) == "InvalidSignatureException"


def test_another_key_region_or_service_does_not() -> None:
    assert refused(signed(key="AKIAOTHEROTHEROTHER0")) == "UnrecognizedClientException"
    assert refused(signed(region="eu-west-1")) == "InvalidSignatureException"
    assert refused(signed(service="sts")) == "InvalidSignatureException"


def test_missing_and_malformed_headers() -> None:
    request = signed()
    without = {name: value for name, value in request.headers.items() if name != "authorization"}
    assert refused(replace(request, headers=without)) == "MissingAuthenticationTokenException"
    basic = {**request.headers, "authorization": "Basic abc"}
    assert refused(replace(request, headers=basic)) == "IncompleteSignatureException"
    undated = {**request.headers, "x-amz-date": "today"}
    assert refused(replace(request, headers=undated)) == "IncompleteSignatureException"
    bare = {**request.headers, "authorization": request.headers["authorization"].replace("host;", "")}
    assert refused(replace(request, headers=bare)) == "InvalidSignatureException"


def test_an_old_signature_has_expired() -> None:
    late = replace(VERIFIER, clock=lambda: time.time() + 301)
    assert refused(signed(), late) == "InvalidSignatureException"
    replace(VERIFIER, clock=lambda: time.time() + 200).verify(signed())
