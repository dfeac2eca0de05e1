"""Credentials as the remote API shows them: never a value."""

from collections.abc import Mapping
from typing import Any

from ..pipelines.credentials import KINDS, display_name
from .export import Bean

STORE = "com.cloudbees.plugins.credentials"


class CredentialBeans:
    """Makes the beans of the system's store."""

    def __init__(self, known: Mapping[str, Mapping[str, Any]]) -> None:
        """Args: known: the credentials by their ids."""
        self._known = known

    def whole(self) -> Bean:
        """`/credentials`."""
        return Bean(f"{STORE}.ViewCredentialsAction$RootActionImpl", {"stores": {"system": self.store()}})

    def store(self) -> Bean:
        """`/credentials/store/system`."""
        return Bean(f"{STORE}.SystemCredentialsProvider$UserFacingAction", {"domains": {"_": self.domain()}})

    def domain(self) -> Bean:
        """`/credentials/store/system/domain/_`."""
        entries = [self._credential(None, data) for data in self._known.values()]
        return Bean(
            f"{STORE}.CredentialsStoreAction$DomainWrapper",
            {
                "credentials": entries,
                "description": "Credentials that should be available irrespective of domain "
                "specification to requirements matching.",
                "displayName": "Global credentials (unrestricted)",
                "fullDisplayName": "System » Global credentials (unrestricted)",
                "fullName": "system/_",
                "global": True,
                "urlName": "_",
            },
        )

    def one(self, data: Mapping[str, Any]) -> Bean:
        """One credential, without its secret."""
        return self._credential(f"{STORE}.CredentialsStoreAction$CredentialsWrapper", data)

    @staticmethod
    def _credential(shown_as: str | None, data: Mapping[str, Any]) -> Bean:
        kind = str(data["kind"])
        return Bean(
            shown_as,
            {
                "description": str(data.get("description") or ""),
                "displayName": display_name(kind, data),
                "fingerprint": None,
                "fullName": f"system/_/{data['id']}",
                "id": str(data["id"]),
                "typeName": KINDS[kind].type_name,
            },
        )
