from __future__ import annotations

import pytest

from conformance.core.errors import UsageError
from environments.ecr.base import choose

TOKEN = {"LOCALSTACK_AUTH_TOKEN": "ls-token"}


@pytest.mark.parametrize(
    ("requested", "env", "backend", "reason"),
    [
        ("auto", {}, "simulator", "is not set"),
        ("auto", {"LOCALSTACK_AUTH_TOKEN": ""}, "simulator", "is not set"),
        ("auto", TOKEN, "localstack", "is set"),
        ("simulator", TOKEN, "simulator", "requested"),
        ("localstack", TOKEN, "localstack", "requested"),
        ("aws", {}, "aws", "requested"),
    ],
)
def test_the_choice_says_which_and_why(
    requested: str, env: dict[str, str], backend: str, reason: str
) -> None:
    choice = choose(requested, env)
    assert choice.backend == backend
    assert reason in choice.why
    assert "\n" not in choice.why
    assert "ls-token" not in choice.why


def test_localstack_without_a_token_is_refused_with_the_next_step() -> None:
    with pytest.raises(UsageError, match="auth token") as refused:
        choose("localstack", {})
    assert "--ecr=simulator" in refused.value.remedy


def test_an_unknown_backend_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'gcr'") as refused:
        choose("gcr", {})
    assert "localstack" in refused.value.expected
