"""Credentials as the remote API shows them: never a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..pipelines.credentials import KINDS, display_name
from .export import Bean


def domain(credentials: Mapping[str, Mapping[str, Any]]) -> Bean:
    """`/credentials/store/system/domain/_`."""
    return Bean(
        "com.cloudbees.plugins.credentials.CredentialsStoreAction$DomainWrapper",
        {
            "credentials": [_credential(data) for data in credentials.values()],
            "description": "Credentials that should be available irrespective of domain "
            "specification to requirements matching.",
            "displayName": "Global credentials (unrestricted)",
            "fullDisplayName": "System » Global credentials (unrestricted)",
            "fullName": "system/_",
            "global": True,
            "urlName": "_",
        },
    )


def _credential(data: Mapping[str, Any]) -> Bean:
    kind = str(data["kind"])
    return Bean(
        None,
        {
            "description": str(data.get("description") or ""),
            "displayName": display_name(kind, data),
            "fingerprint": None,
            "fullName": f"system/_/{data['id']}",
            "id": str(data["id"]),
            "typeName": KINDS[kind].type_name,
        },
    )
