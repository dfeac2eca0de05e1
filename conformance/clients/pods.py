"""Pods: what they are, and what checks do with pods of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kubernetes.stream.ws_client import WSClient, get_websocket_url
from websocket import WebSocketException

from conformance.clients.http import Unavailable
from conformance.clients.kube_api import KubeApi, path_of
from conformance.clients.objects import Executed, Pod, pod_fact
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.core.text import shortened
from conformance.core.waiting import eventually


class Pods(KubeApi):
    """Pods of one cluster."""

    def pods(self, namespace: str, selector: str = "") -> tuple[Pod, ...]:
        found = self.objects(f"pods of {namespace}", "v1", "pods", namespace, labelSelector=selector)
        return tuple(pod_fact(raw) for raw in found)

    def all_pods(self) -> tuple[Pod, ...]:
        return tuple(pod_fact(raw) for raw in self.objects("pods", "v1", "pods"))

    def pod(self, namespace: str, name: str) -> Pod | None:
        """The pod, or None when there is none of that name."""
        raw = self._read(f"pod {name}", path_of("v1", "pods", namespace, name), missing=None)
        return pod_fact(raw) if raw is not None else None

    def create_pod(self, namespace: str, manifest: Mapping[str, Any]) -> Pod:
        return pod_fact(
            self._change("create a pod", "POST", path_of("v1", "pods", namespace), dict(manifest))
        )

    def delete_pod(self, namespace: str, name: str, *, grace: int | None = 0) -> None:
        """Delete a pod; `grace` None leaves it its own time to end. One that is not there is fine."""
        query = [] if grace is None else [("gracePeriodSeconds", str(grace))]
        path = path_of("v1", "pods", namespace, name)
        self._change(f"delete pod {name}", "DELETE", path, query=query, missing=None)

    @contextmanager
    def temporary_pod(self, namespace: str, manifest: Mapping[str, Any]) -> Iterator[Pod]:
        """A temporary pod, deleted at the end."""
        made = self.create_pod(namespace, manifest)
        try:
            yield made
        finally:
            self.delete_pod(namespace, made.name)

    def wait_pod(
        self,
        namespace: str,
        name: str,
        *,
        timeout: float,
        until: Callable[[Pod], bool],
        what: str,
        stuck: Callable[[Pod], str] = Pod.trouble,
    ) -> Pod:
        """Wait until `until(pod)`; NonConformance when `stuck(pod)` says why not, or when time is over."""

        def probe() -> Pod | None:
            return self.pod(namespace, name)

        def broken(pod: Pod | None) -> str | None:
            return "the pod is gone" if pod is None else (stuck(pod) or None)

        try:
            found = eventually(
                probe,
                what=f"pod {name} {what}",
                timeout=timeout,
                interval=0.3,
                until=lambda pod: pod is not None and until(pod),
                terminal=broken,
            )
        except EnvironmentFailure as error:
            if isinstance(error, Unavailable):
                raise
            raise NonConformance(
                f"pod {namespace}/{name} does not come to: {what}",
                expected=f"within {timeout:g} s",
                observed=shortened(error.observed),
                remedy=f"kubectl -n {namespace} describe pod {name}",
            ) from error
        if found is None:  # `until` holds only for a pod
            raise AssertionError(name)
        return found

    def execute(
        self, pod: Pod, command: Sequence[str], *, container: str = "", timeout: float = 60, stdin: str = ""
    ) -> Executed:
        """Run `command` in a container and return what it printed and its status.

        `stdin` is written to it but never closed: let the command read so many bytes and no more.
        """
        start = time.monotonic()
        query = [
            ("container", container or pod.containers[0].name),
            ("stdin", str(bool(stdin)).lower()),
            ("stdout", "true"),
            ("stderr", "true"),
            *(("command", word) for word in command),
        ]
        path = f"{path_of('v1', 'pods', pod.namespace, pod.name)}/exec"
        _, url, headers, *_ = self._signed("GET", path, query)
        try:
            session = WSClient(self._settings, get_websocket_url(url), headers, capture_all=True)
            if stdin:
                session.write_stdin(stdin)
            session.run_forever(timeout=timeout)
            out, err = session.read_stdout(timeout=1) or "", session.read_stderr(timeout=1) or ""
            ended = not session.is_open()
            status = session.returncode if ended else -1
            session.close()
        except (WebSocketException, OSError) as error:
            raise EnvironmentFailure(
                f"cannot run a command in pod {pod.name}",
                where=" ".join(command)[:200],
                observed=str(error)[:500],
            ) from error
        self._note("EXEC", f"{pod.namespace}/{pod.name}", start, 200)
        if not ended:
            raise NonConformance(
                f"a command in pod {pod.name} did not end within {timeout:g} s",
                observed=" ".join(command)[:300],
            )
        return Executed(int(status or 0), out, err)

    def log(self, pod: Pod, container: str = "", *, previous: bool = False, lines: int | None = 1000) -> str:
        """The last lines (None: all) of a container, the pod's first one, or (`previous`) of the one before.

        Raises:
            EnvironmentFailure: there is none.
        """
        container = container or pod.containers[0].name
        query = [("container", container), ("previous", str(previous).lower())]
        query += [] if lines is None else [("tailLines", str(lines))]
        path = f"{path_of('v1', 'pods', pod.namespace, pod.name)}/log"
        try:
            return str(self._sent(f"log of {pod.namespace}/{pod.name}", self._signed("GET", path, query)))
        except EnvironmentFailure as error:
            raise EnvironmentFailure(
                f"there is no log of container {container} of pod {pod.name}", observed=error.observed
            ) from error
