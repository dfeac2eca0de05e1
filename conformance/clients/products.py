"""The products' pipelines, run end to end once in a run, with a version of the run's own."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial

from conformance.clients import artifacts
from conformance.clients.jobs import Build
from conformance.clients.nexus import Coordinates
from conformance.clients.stack_clients import StackClients
from conformance.contract.model import Product
from conformance.core.errors import EnvironmentFailure
from conformance.core.nonconformance import NonConformance
from conformance.core.shared_facts import Shared

#: requests a build: the id of its item in the queue
Request = Callable[[], dict[str, int]]

#: build parameters of the pipelines
BRANCH, VERSION, IMAGE_TAG = "BRANCH", "VERSION", "IMAGE_TAG"
#: revision and source repository that the harness's own release packages name
REVISION = "0123456789abcdef0123456789abcdef01234567"
SOURCE = "https://git.example.org/account-management.git"


class Turn(StrEnum):
    """Which of a run's builds of one job."""

    FIRST = "first"
    OTHER = "other"  #: another version, requested while the first is built
    AGAIN = "again"  #: the first's version once more
    FAILING = "failing"  #: from the branch whose unit tests fail


class Products:
    """Builds of the products' jobs, the same for all workers of a run."""

    def __init__(self, clients: StackClients, shared: Shared, run: str) -> None:
        self.clients, self.shared = clients, shared
        #: release versions that no other run uses; also the images' tags
        self.versions = {
            Turn.FIRST: f"0.0.0-{run}",
            Turn.OTHER: f"0.0.1-{run}",
            Turn.AGAIN: f"0.0.0-{run}",
            Turn.FAILING: f"0.0.2-{run}",
        }
        self.version = self.versions[Turn.FIRST]
        self._budget = clients.contract.budgets.build
        self._finished: dict[tuple[str, Turn], Build] = {}

    # -- coordinates ------------------------------------------------------------------------

    def package(self, product: Product, turn: Turn = Turn.FIRST) -> Coordinates:
        return Coordinates(product.package_group, product.package_artifact, self.versions[turn], "zip")

    def files(self, product: Product, turn: Turn = Turn.FIRST) -> tuple[Coordinates, ...]:
        """Everything that the build job deploys: artifacts and package."""
        version = self.versions[turn]
        made = [Coordinates(product.package_group, name, version) for name in product.artifacts]
        return (*made, self.package(product, turn))

    # -- builds -----------------------------------------------------------------------------

    def start_early(self) -> None:
        """Request the builds that need nothing else, so that they run while other layers are checked."""
        for product in self.clients.contract.products:
            # a check that needs the build gets the error from the shared fact
            with contextlib.suppress(NonConformance, EnvironmentFailure):
                if product.build_job:
                    turns = [Turn.FIRST, Turn.OTHER, *([Turn.FAILING] if product.failing_branch else [])]
                    for turn in turns:
                        self._queue_id(product.build_job, turn, partial(self._request_build, product, turn))
                else:
                    for turn in (Turn.FIRST, Turn.OTHER):
                        self._queue_id(product.images_job, turn, partial(self._request_images, product, turn))

    def build(self, product: Product, turn: Turn = Turn.FIRST) -> Build:
        """The finished build that deployed, or was to deploy, the product's artifacts and package."""
        return self._finish(product.build_job, turn, partial(self._request_build, product, turn))

    def images(self, product: Product, turn: Turn = Turn.FIRST) -> Build:
        """The finished build that made, or was to make, images of the product's package."""
        return self._finish(product.images_job, turn, partial(self._request_images, product, turn))

    def request_again(self, product: Product) -> dict[str, list[str]]:
        """Request a second build of the deployed version; returns the files from before it.

        The first caller in a run captures them and requests the build, which runs before its checks are due.
        """
        before = self.shared.once(
            f"files of {product.name} before it is built again", lambda: self.deployed(product)
        )
        self._queue_id(product.build_job, Turn.AGAIN, partial(self._request_build, product, Turn.AGAIN))
        return before

    def deployed(self, product: Product) -> dict[str, list[str]]:
        """sha256 and time of each file that the first build deployed, and of its POM."""
        found = {}
        for item in self.files(product):
            for one in (item, Coordinates(item.group, item.artifact, item.version, "pom")):
                answer = self.clients.nexus.fetch(self.clients.contract.nexus.releases, one.path)
                found[str(one)] = [artifacts.sha256(answer.content), answer.headers.get("Last-Modified", "")]
        return found

    def run(self, job: str, **parameters: str) -> Build:
        """One more build of a job, deleted when the run ends."""
        queue_id = self._request(job, parameters)["queue_id"]
        return self._end(job, queue_id)

    def _finish(self, job: str, turn: Turn, request: Request) -> Build:
        if (job, turn) not in self._finished:
            self._finished[job, turn] = self._end(job, self._queue_id(job, turn, request))
        return self._finished[job, turn]

    def _end(self, job: str, queue_id: int) -> Build:
        # a job whose builds do not run at once lets each wait for those before it
        turns = len(Turn)
        started = self.clients.jenkins.left_queue(job, queue_id, timeout=turns * self._budget)
        return self.clients.jenkins.finish(started, timeout=self._budget)

    def _queue_id(self, job: str, turn: Turn, request: Request) -> int:
        fact = self.shared.once(f"{turn} build of {job}", request, timeout=2 * len(Turn) * self._budget)
        return int(fact["queue_id"])

    def _request_build(self, product: Product, turn: Turn) -> dict[str, int]:
        if turn is Turn.AGAIN:
            self.build(product).require_success()
        version = self.versions[turn]
        self.shared.register_cleanup("version", group=product.package_group, version=version)
        branch = {BRANCH: product.failing_branch} if turn is Turn.FAILING else {}
        return self._request(product.build_job, {VERSION: version, **branch})

    def _request_images(self, product: Product, turn: Turn) -> dict[str, int]:
        version = self.versions[turn]
        if turn is Turn.AGAIN:
            self.images(product).require_success()
        elif product.build_job:
            self.build(product, turn).require_success()
        else:
            self._deploy_own_package(product, turn)
        for repository in product.images:
            self.shared.register_cleanup("image", repository=repository, tag=version)
        return self._request(product.images_job, {VERSION: version, IMAGE_TAG: version})

    def _deploy_own_package(self, product: Product, turn: Turn) -> None:
        item = self.package(product, turn)
        self.shared.register_cleanup("version", group=item.group, version=item.version)
        pom = artifacts.pom(item.group, item.artifact, item.version, "zip")
        self.clients.nexus.deploy(
            self.clients.contract.nexus.releases, item, release_package(product, item.version), pom
        )

    def _request(self, job: str, parameters: dict[str, str]) -> dict[str, int]:
        queue_id = self.clients.jenkins.request_build(job, parameters)
        self.shared.register_cleanup("requested build", job=job, queue_id=queue_id)
        return {"queue_id": queue_id}


def release_package(product: Product, version: str) -> bytes:
    """A release package as its vendor ships it: a folder with a Dockerfile for each component."""
    files = {"build.properties": f"version={version}\nrevision={REVISION}\nsource={SOURCE}\n".encode()}
    for component in components(product):
        files[f"{component}/Dockerfile"] = (
            b"FROM scratch\nCOPY busybox /bin/busybox\nCOPY app.txt /app.txt\n"
            b'USER 1000:1000\nENTRYPOINT ["/bin/busybox", "cat", "/app.txt"]\n'
        )
        files[f"{component}/app.txt"] = f"{product.name} {component} {version}\n".encode()
    return artifacts.archive(files)


def components(product: Product) -> tuple[str, ...]:
    """Names of the product's components: the last parts of its repositories' names."""
    return tuple(name.rpartition("/")[2] for name in product.images)


def console_digests(console: str) -> dict[str, str]:
    """The digests in a build's console by repository, from `HOST/REPOSITORY:TAG@DIGEST`."""
    found = re.findall(r"[\w.:-]+?/([\w./-]+):[\w.-]+@(sha256:[0-9a-f]{64})", console)
    return dict(found)
