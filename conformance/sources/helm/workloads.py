"""Objects that a chart of the repository makes, as far as its templates can be read without Helm.

Names of values are filled in, blocks are taken as if their condition held. What remains is YAML or it is not:
then the objects of that template are unknown, and the result says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conformance.sources import texts
from conformance.sources.facts import SourceError
from conformance.sources.helm import go_template
from conformance.sources.helm.values import ChartValues
from conformance.sources.kubernetes_objects import KubernetesObject, of_document
from conformance.sources.texts import Text
from conformance.sources.yaml_positions import load_all

MAX_TEMPLATES = 300


def objects(chart: ChartValues, root: Path, unread: list[SourceError]) -> Iterator[KubernetesObject]:
    """Objects of the chart's templates; templates that cannot be read without Helm are in `unread`."""
    folder = root / chart.folder / "templates"
    if not chart.folder or not folder.is_dir():
        return
    release = chart.release.value if isinstance(chart.release.value, str) else ""
    namespace = chart.namespace.value if isinstance(chart.namespace.value, str) else ""
    for path in sorted(folder.rglob("*.y*ml"))[:MAX_TEMPLATES]:
        text = texts.read(path, root)
        if isinstance(text, SourceError):
            unread.append(text)
            continue
        whole, sparse = (
            list(_parts(go_template.render(text, chart.values, release, namespace, blocks)))
            for blocks in (True, False)
        )
        for number, part in enumerate(whole):
            documents = load_all(part)
            if isinstance(documents, SourceError):
                unread.append(SourceError(documents.place, "a part of the template is known to Helm alone"))
                documents = load_all(sparse[number]) if len(sparse) == len(whole) else ()
            if isinstance(documents, SourceError):
                continue
            for document in documents:
                yield from of_document(document.root, f"chart {chart.folder}")


def _parts(text: Text) -> Iterator[Text]:
    """The documents of a text, each on its own: one that cannot be read leaves the others."""
    lines = text.value.split("\n")
    starts = [0, *(number + 1 for number, line in enumerate(lines) if line.rstrip() == "---")]
    for start, end in zip(starts, [*(start - 1 for start in starts[1:]), len(lines)], strict=True):
        yield Text("\n".join(lines[start:end]) + "\n", text.origin.below(start, 0) if start else text.origin)
