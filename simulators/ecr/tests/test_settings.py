from __future__ import annotations

import json
from pathlib import Path

import pytest

from simulators.ecr.front import nginx_conf, write_registry
from simulators.ecr.settings import BadSetting, Settings

ENV = {
    "ECR_ACCOUNT": "123456789012",
    "ECR_REGION": "us-east-1",
    "ECR_HOST": "registry.test",
    "ECR_ACCESS_KEY_ID": "AKIA",
    "ECR_SECRET_ACCESS_KEY": "secret-value",
}


def test_what_is_missing_is_named() -> None:
    for name in ENV:
        with pytest.raises(BadSetting, match=name):
            Settings.from_env({**ENV, name: ""})


@pytest.mark.parametrize("text", ["0", "-1", "12h", ""])
def test_a_lifetime_is_a_whole_number(text: str) -> None:
    with pytest.raises(BadSetting, match="ECR_TOKEN_SECONDS"):
        Settings.from_env({**ENV, "ECR_TOKEN_SECONDS": text})


def test_the_defaults_are_those_of_the_pod() -> None:
    settings = Settings.from_env(ENV)
    assert settings.token_seconds == 43200
    assert settings.front_port == 8443
    assert "secret-value" not in repr(settings)


def test_nginx_asks_before_every_path_of_the_registry(settings: Settings) -> None:
    text = nginx_conf(settings)
    assert "$$" not in text
    assert "${" not in text
    to_registry = [
        part for part in text.split("location ")[1:] if "http://registry" in part or "$manifests" in part
    ]
    assert len(to_registry) == 2
    assert all("auth_request /authorize;" in part for part in to_registry)


def test_the_registry_listens_on_its_socket_only_and_replaces_a_stale_one(settings: Settings) -> None:
    settings.run.mkdir()
    settings.registry_socket.touch()
    written = write_registry(settings)
    http = json.loads(written.read_text())["http"]
    assert (http["net"], Path(http["addr"])) == ("unix", settings.registry_socket)
    assert not settings.registry_socket.exists()
    assert written.stat().st_mode & 0o077 == 0
