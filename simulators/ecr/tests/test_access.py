from __future__ import annotations

import base64
import json

import pytest

from simulators.ecr.access import Gate, Target, target_of
from simulators.ecr.tokens import Tokens
from simulators.ecr.wire import Answer, Request

from .loopback import ACCOUNT, HOST

# longer than any run of the tests
TOKENS = Tokens(b"k" * 32, 86_400)
GATE = Gate(TOKENS, {"team/app", "a"}, ACCOUNT, HOST)
GOOD = {"authorization": f"Basic {TOKENS.issue().authorization}"}
DIGEST = "sha256:" + "0" * 64


def error(answer: Answer | None) -> tuple[int, str, str]:
    assert answer is not None
    (first,) = json.loads(answer.body)["errors"]
    return answer.status, first["code"], first["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/",
        "/v2",
        "/v2/_catalog",
        "/v2/team/app/manifests/1.0",
        f"/v2/team/app/manifests/{DIGEST}",
        f"/v2/team/app/blobs/{DIGEST}",
        "/v2/team/app/blobs/uploads/",
        "/v2/team/app/blobs/uploads/?mount=x&from=a",
        "/v2/a/blobs/uploads/01a2-b3?_state=xyz",
        "/v2/a/tags/list?n=1",
        f"/v2/a/referrers/{DIGEST}",
    ],
)
def test_what_is_provisioned_passes_with_a_token_only(path: str) -> None:
    assert GATE.refusal(Request("GET", path, GOOD)) is None
    refusal = GATE.refusal(Request("GET", path))
    assert error(refusal)[:2] == (401, "UNAUTHORIZED")
    challenge = dict(refusal.headers)["WWW-Authenticate"] if refusal else ""
    assert challenge == f'Basic realm="https://{HOST}/",service="ecr.amazonaws.com"'


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v2/team/other/manifests/1.0", "team/other"),
        ("/v2/team/manifests/1.0", "team"),
        ("/v2/TEAM/app/manifests/1.0", "TEAM/app"),
        ("/v2/team%2Fapp/manifests/1.0", "team%2Fapp"),
        ("/v2/team//app/manifests/1.0", "team//app"),
        ("/v2/a/../team/app/manifests/1.0", "a/../team/app"),
        ("/v2/team/app/%6danifests/1.0", "team/app/%6danifests/1.0"),
        ("/v2/team/app", "team/app"),
        ("/v2/team/app/manifests/", "team/app"),
    ],
)
def test_anything_else_is_an_unknown_name_in_the_words_of_ecr(path: str, name: str) -> None:
    status, code, message = error(GATE.refusal(Request("PUT", path, GOOD)))
    assert (status, code) == (404, "NAME_UNKNOWN")
    assert message == f"The repository with name '{name}' does not exist in the registry with id '{ACCOUNT}'"


def test_the_token_is_looked_at_before_the_name() -> None:
    assert error(GATE.refusal(Request("GET", "/v2/none/tags/list")))[0] == 401


def test_an_expired_token_is_told_as_such() -> None:
    late = Gate(Tokens(b"k" * 32, 100, lambda: 10**10), {"a"}, ACCOUNT, HOST)
    status, _, message = error(late.refusal(Request("GET", "/v2/", GOOD)))
    assert status == 401
    assert message == "Your authorization token has expired. Reauthenticate and try again."
    wrong = {"authorization": "Basic " + base64.b64encode(b"AWS:secret").decode()}
    assert error(late.refusal(Request("GET", "/v2/", wrong)))[2] == "Not Authorized"


def test_the_target_is_read_from_the_right() -> None:
    assert target_of("/v2/a/manifests/b/manifests/1.0") == Target("a/manifests/b", "1.0")
    assert target_of("/v2/a/blobs/b/tags/list") == Target("a/blobs/b")
    assert target_of("/v2/_catalog") is None
