"""AWS without AWS: STS answers in the XML that it has, through an unmodified client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from conformance.core.errors import EnvironmentFailure, UsageError
from environments.ecr.aws import AwsEcr
from environments.ecr.client import ecr_client

ACCOUNT = "123456789012"
IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:sts::{account}:assumed-role/builder/session</Arn>
    <UserId>AROAEXAMPLEEXAMPLE:session</UserId>
    <Account>{account}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>"""
ERROR = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>
  <RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId>
</ErrorResponse>"""


class Raw:
    def __init__(self, body: str) -> None:
        self._body = body.encode()

    def stream(self) -> list[bytes]:
        return [self._body]


def answering(status: int, body: str, error: Exception | None = None) -> Any:
    """An STS client that gets this one answer."""

    def client(profile: str, region: str) -> Any:
        session = boto3.Session(aws_access_key_id="AKIA", aws_secret_access_key="s", region_name=region)
        made = session.client("sts", config=Config(retries={"total_max_attempts": 1}))

        def answer(request: Any, **_: Any) -> AWSResponse:
            if error:
                raise error
            return AWSResponse(request.url, status, {"content-type": "text/xml"}, Raw(body))  # type: ignore[arg-type]

        made.meta.events.register("before-send.sts.*", answer)
        return made

    return client


def test_the_right_account() -> None:
    backend = AwsEcr(ACCOUNT, "eu-central-1", "build", answering(200, IDENTITY.format(account=ACCOUNT)))
    backend.up()
    registry = backend.registry()
    assert registry.host == f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
    assert registry.api.url == "https://api.ecr.eu-central-1.amazonaws.com"
    assert registry.api.login is None
    backend.down()


def test_china_has_its_own_domain() -> None:
    registry = AwsEcr(ACCOUNT, "cn-north-1").registry()
    assert registry.host.endswith(".cn-north-1.amazonaws.com.cn")
    assert registry.api.url == "https://api.ecr.cn-north-1.amazonaws.com.cn"


def test_another_account_is_refused() -> None:
    sts = answering(200, IDENTITY.format(account="999999999999"))
    with pytest.raises(UsageError, match="another account") as refusal:
        AwsEcr(ACCOUNT, "us-east-1", sts=sts).up()
    assert (refusal.value.expected, refusal.value.observed) == (f"account {ACCOUNT}", "account 999999999999")


@pytest.mark.parametrize(
    ("status", "code", "says", "remedy"),
    [
        (403, "ExpiredToken", "have expired", "aws sso login --profile build"),
        (403, "InvalidClientTokenId", "does not accept", "access key id"),
        (403, "SignatureDoesNotMatch", "does not accept", "secret access key"),
        (403, "AccessDenied", "refused GetCallerIdentity", "who runs the account"),
    ],
)
def test_what_aws_says_becomes_a_next_step(status: int, code: str, says: str, remedy: str) -> None:
    sts = answering(status, ERROR.format(code=code, message="as AWS words it"))
    with pytest.raises(UsageError, match=says) as refusal:
        AwsEcr(ACCOUNT, "us-east-1", "build", sts).up()
    assert remedy in refusal.value.remedy
    assert "as AWS words it" in refusal.value.observed
    assert "profile build, region us-east-1" in refusal.value.where


def test_an_unreachable_aws_is_the_environments_failure() -> None:
    sts = answering(0, "", EndpointConnectionError(endpoint_url="https://sts.amazonaws.com"))
    with pytest.raises(EnvironmentFailure, match="cannot be reached") as failure:
        AwsEcr(ACCOUNT, "us-east-1", sts=sts).up()
    assert not isinstance(failure.value, UsageError)


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("no_credentials")
def test_no_credentials_and_no_such_profile() -> None:
    with pytest.raises(UsageError, match="no complete AWS credentials"):
        AwsEcr(ACCOUNT, "us-east-1").up()
    with pytest.raises(UsageError, match="profile does not exist") as refusal:
        AwsEcr(ACCOUNT, "us-east-1", "nobody").up()
    assert "list-profiles" in refusal.value.remedy


def test_the_client_of_aws_is_botocores_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address or a CA of the run, a company's proxy and CA settings must keep their effect."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    client: Any = ecr_client(AwsEcr(ACCOUNT, "us-east-1").registry())
    assert client.meta.config.proxies is None
    assert client._endpoint.http_session._proxy_config._proxies == {"https": "http://proxy.test:3128"}
