"""The two programs beside the application: their configuration, made from the settings."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from pathlib import Path
from string import Template

from .settings import Settings
from .tokens import shared_secret

NGINX = Path(__file__).with_name("nginx.conf.tmpl")


def nginx_conf(settings: Settings) -> str:
    return Template(NGINX.read_text(encoding="utf-8")).substitute(
        run=settings.run,
        tls=settings.tls,
        address=settings.front_address,
        front_port=settings.front_port,
        app=settings.app_socket,
        registry=settings.registry_socket,
        # workers of a root master become `nobody`, which may not open the sockets
        user="user root;" if os.geteuid() == 0 else "",
    )


def registry_conf(settings: Settings) -> str:
    """Distribution's configuration; JSON is YAML.

    No blob descriptor cache: the application removes deleted repositories from the storage, and a cache
    would go on serving them.
    """
    secret = hmac.new(shared_secret(settings.secret_file), b"distribution", hashlib.sha256).hexdigest()
    return json.dumps(
        {
            "version": "0.1",
            "log": {"level": "warn", "accesslog": {"disabled": True}},
            "storage": {
                "filesystem": {"rootdirectory": str(settings.registry_root)},
                "delete": {"enabled": True},
                "maintenance": {"uploadpurging": {"enabled": False}},
            },
            "http": {
                "net": "unix",
                "addr": str(settings.registry_socket),
                "relativeurls": True,
                "secret": secret,
            },
        },
        indent=1,
    )


def write_nginx(settings: Settings) -> Path:
    settings.run.mkdir(parents=True, exist_ok=True)
    return _write(settings.run / "nginx.conf", nginx_conf(settings))


def write_registry(settings: Settings) -> Path:
    settings.run.mkdir(parents=True, exist_ok=True)
    # a killed container leaves its socket, and the pod's folder outlives the container
    settings.registry_socket.unlink(missing_ok=True)
    return _write(settings.run / "registry.yml", registry_conf(settings))


def _write(file: Path, text: str) -> Path:
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file
