"""What a live mutant does to a stack, and how each of it is taken back.

An action becomes plain steps and the steps that undo them *before* anything is changed: what is there is
read first. So the undoing can be written down and be done by another process, should this one be killed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


# -- plain steps --------------------------------------------------------------------------------


class Kubectl(_Part):
    """kubectl with these words."""

    do: Literal["kubectl"] = "kubectl"
    words: tuple[str, ...]
    stdin: str = ""


class Ask(_Part):
    """One request to a service, as its administrator or as `login` (`user:password`).

    In texts `{nexus-password}` is replaced by the administrator's password, so that no file holds it.
    """

    do: Literal["ask"] = "ask"
    login: str = ""
    service: Literal["jenkins", "nexus"]
    method: str
    path: str
    json_: Any = Field(None, alias="json")
    text: str = ""
    type: str = "text/plain"
    statuses: tuple[int, ...] = (200, 201, 204, 302)


class Ecr(_Part):
    """One call of the ECR API; `may` are codes of refusals that are fine."""

    do: Literal["ecr"] = "ecr"
    call: str
    arguments: dict[str, Any] = Field(alias="with")
    may: tuple[str, ...] = ()


class Point(_Part):
    """The main branch of a served repository is at this commit, which exists already and is in no branch."""

    do: Literal["point"] = "point"
    repository: str
    commit: str


class Node(_Part):
    """A command on the cluster's first node; `{agent-image}` is the image of the agents."""

    do: Literal["node"] = "node"
    words: tuple[str, ...]


Step = Annotated[Kubectl | Ask | Ecr | Point | Node, Field(discriminator="do")]


class Undo(_Part):
    """Steps of a journal line."""

    steps: tuple[Step, ...]


# -- actions ------------------------------------------------------------------------------------


class Both(_Part):
    """A step, and the one that undoes it."""

    do: Literal["step"] = "step"
    step: Step | None = None
    undo: Step | None = None


class PatchObject(_Part):
    """kubectl patch; undone by putting the whole object back as it was."""

    do: Literal["patch"]
    object: str = Field(description="kind/name")
    namespace: str
    patch: str = Field(alias="with", description="JSON or YAML of the patch")
    type: Literal["strategic", "merge", "json"] = "strategic"
    subresource: str = ""
    #: wait until the workload's pods follow the patch (and again when it is undone)
    rollout: bool = False


class CreateObject(_Part):
    """An object of which there was none; `{agent-image}` and `{nexus-image}` are images that the node has."""

    do: Literal["create"]
    manifest: str
    ready: tuple[str, ...] = Field((), description="words of kubectl that wait for it")


class DeleteObject(_Part):
    do: Literal["delete"]
    object: str
    namespace: str
    orphan: bool = False


class CopyObject(_Part):
    """Make another object after one that is there, with dotted keys set (null: taken away)."""

    do: Literal["copy"]
    object: str
    namespace: str
    made: str = Field(description="kind/name of what is made")
    set: str = Field(description="YAML of a mapping: dotted key to value")


class Edit(_Part):
    """Read the document of `path`, set keys of it (JSON) or replace text in it, and write it back."""

    do: Literal["edit"]
    service: Literal["jenkins", "nexus"]
    path: str
    put: str = Field("", description="path to put it to, if not the same")
    method: str = "PUT"
    set: dict[str, Any] = Field(default_factory=dict, description="dotted key to value")
    find: str = Field("", description="pattern")
    replace: str = ""


class Commit(_Part):
    """Replace text of one file in a git repository that the stack is served from."""

    do: Literal["commit"]
    repository: str = Field(description="cloudops, or a product")
    file: str
    find: str = Field(description="pattern")
    replace: str


class Reconfigure(_Part):
    """Replace text in the controller's configuration as code, and have it read again."""

    do: Literal["reconfigure"]
    file: str
    after: str = Field("", description="text behind which it is replaced; empty: anywhere")
    find: str = Field(description="pattern")
    replace: str
    count: int = 1
    undo_login: str = Field(
        "", description="login that may reload afterwards, if the administrator may not any more"
    )


class Plugin(_Part):
    """Another version of a plugin in the controller's home, as put there by hand; an upgrade undoes it."""

    do: Literal["plugin"]
    name: str
    version: str


Action = Annotated[
    Plugin | Both | PatchObject | CreateObject | CopyObject | DeleteObject | Edit | Commit | Reconfigure,
    Field(discriminator="do"),
]
