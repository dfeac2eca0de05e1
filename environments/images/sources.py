"""Where each image of a run comes from: upstream, packages, or what the user named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.core.errors import UsageError
from environments.base import Component
from environments.images import catalogue as catalogues
from environments.images.catalogue import Image, ImageCatalogue

if TYPE_CHECKING:
    from environments.host.engine import Engine

#: what `--images` takes
CHOICES = ("auto", "upstream", "packages")


@dataclass(frozen=True, slots=True)
class ImageSources:
    """`why` is one line for people. `jenkins_image` replaces the controller's image when it is set."""

    catalogue: ImageCatalogue
    why: str
    jenkins_image: str = ""

    @property
    def from_packages(self) -> bool:
        return not self.catalogue.upstream

    @property
    def wanted(self) -> tuple[str, ...]:
        """Names of the images that we have to build."""
        return tuple(image.name for image in self.catalogue.images.values() if self._is_ours(image))

    @property
    def node_image(self) -> str:
        return self.reference("node")

    def reference(self, name: str) -> str:
        """What a pod (or kind, for the node) names to get image `name`."""
        if name == "jenkins" and self.jenkins_image:
            return self.jenkins_image
        image = self.catalogue.images[name]
        if self.catalogue.upstream and image.upstream:
            from environments.images import upstream

            return upstream.mirrored(image.upstream)
        return self.catalogue.reference(name)

    def component(self, name: str, version: str, called: str = "") -> Component:
        """Image `name` as a report names it; a simulator is named as one."""
        real = self.catalogue.upstream or (name == "jenkins" and bool(self.jenkins_image))
        simulator = "" if real else self.catalogue.images[name].simulator
        return Component(called or name, version, image=self.reference(name), simulator=simulator)

    def load(self, engine: Engine, nodes: tuple[str, ...]) -> None:
        """Bring into running nodes what neither their image store nor a registry has."""
        ours = () if self.from_packages else self.wanted
        references = [self.catalogue.built(name) for name in ours if self.catalogue.images[name].in_node]
        if self.jenkins_image and engine.has_image(self.jenkins_image):
            references.append(self.jenkins_image)
        if references:
            for node in nodes:
                engine.pipe(
                    ["docker", "save", *references],
                    ["docker", "exec", "-i", node, "ctr", "-n", "k8s.io", "images", "import", "-"],
                )

    def _is_ours(self, image: Image) -> bool:
        if self.from_packages:
            return image.in_node or image.name == "node"
        return image.in_node and not image.preloaded and not image.upstream


def choose(requested: str, kubernetes: str, jenkins_image: str = "") -> ImageSources:
    """Settle `--images=auto|upstream|packages`.

    Raises:
        UsageError: unknown choice, or packages are not pinned for this Kubernetes version.
    """
    if requested not in CHOICES:
        raise UsageError(f"--images={requested} is unknown", expected=", ".join(CHOICES))
    entries = catalogues.load(kubernetes)
    use_upstream, why = requested == "upstream", "as requested"
    if requested == "auto":
        from environments.images import upstream

        use_upstream, why = upstream.answers(entries.images["node"].upstream)
    if not use_upstream:
        catalogues.check_kubernetes(entries)
    made = catalogues.load(kubernetes, upstream=use_upstream)
    place = "upstream" if use_upstream else "built from packages"
    return ImageSources(made, f"images: {place} ({why})", jenkins_image)
