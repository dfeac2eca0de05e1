"""AWS itself as the ECR: nothing is started or removed, credentials are checked before anything uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from conformance.core.errors import EnvironmentFailure, UsageError
from environments.base import RegistryEndpoint, Service

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNKNOWN_KEY = frozenset({"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"})


def _sts(profile: str, region: str) -> Any:
    return boto3.Session(profile_name=profile or None, region_name=region).client(
        "sts", config=Config(retries={"total_max_attempts": 2, "mode": "standard"})
    )


@dataclass(frozen=True, slots=True)
class AwsEcr:
    """`profile` is a name in the AWS configuration; empty means AWS' default chain."""

    account: str
    region: str
    profile: str = ""
    sts: Callable[[str, str], Any] = _sts
    name: str = field(default="aws", init=False)

    @property
    def registry_host(self) -> str:
        suffix = "amazonaws.com.cn" if self.region.startswith("cn-") else "amazonaws.com"
        return f"{self.account}.dkr.ecr.{self.region}.{suffix}"

    def address(self) -> str:
        return ""

    def up(self) -> None:
        """Check who we are. Raises UsageError for credentials, EnvironmentFailure when AWS is not reached."""
        found = self._identity()
        if found != self.account:
            raise UsageError(
                "the AWS credentials belong to another account than the contract's",
                where=self._where,
                expected=f"account {self.account}",
                observed=f"account {found}",
                remedy="choose another profile (AWS_PROFILE), or correct registry.account in the contract",
            )

    def registry(self) -> RegistryEndpoint:
        suffix = self.registry_host.partition(f"{self.region}.")[2]
        return RegistryEndpoint(
            host=self.registry_host,
            api=Service(f"https://api.ecr.{self.region}.{suffix}"),
            data=Service(f"https://{self.registry_host}"),
            account=self.account,
            region=self.region,
            backend=self.name,
        )

    def ended_token(self) -> None:
        """Its tokens end after twelve hours."""

    def down(self) -> None:
        """Nothing was made."""

    @property
    def _where(self) -> str:
        return f"profile {self.profile or '(default chain)'}, region {self.region}"

    def _identity(self) -> str:
        login = f"aws sso login{f' --profile {self.profile}' if self.profile else ''}"
        try:
            return str(self.sts(self.profile, self.region).get_caller_identity()["Account"])
        except ProfileNotFound as error:
            raise self._credentials(
                "the AWS profile does not exist", error, "aws configure list-profiles"
            ) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            remedy = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise self._credentials("there are no complete AWS credentials", error, remedy) from error
        except (SSOError, TokenRetrievalError) as error:
            raise self._credentials("the AWS sign-in has expired", error, login) from error
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in EXPIRED:
                remedy = f"renew them ({login}, or new session credentials)"
                raise self._credentials("the AWS credentials have expired", error, remedy) from error
            if code in UNKNOWN_KEY:
                remedy = "check the access key id and the secret access key"
                raise self._credentials("AWS does not accept the credentials", error, remedy) from error
            raise self._credentials(
                "AWS refused GetCallerIdentity", error, "ask who runs the account"
            ) from error
        except EndpointConnectionError as error:
            raise EnvironmentFailure(
                "AWS cannot be reached",
                where=self._where,
                observed=str(error),
                remedy="check region and network",
            ) from error
        except BotoCoreError as error:
            raise self._credentials(
                "the AWS configuration cannot be used", error, "aws configure list"
            ) from error

    def _credentials(self, what: str, error: Exception, remedy: str) -> UsageError:
        return UsageError(what, where=self._where, observed=str(error), remedy=remedy)
