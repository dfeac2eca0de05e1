"""Writes docs/requirements.md from the catalogue: `python -m suites.document`."""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.contract.catalogue import LAYERS, Catalogue, load
from conformance.core.paths import PROJECT

PAGE = PROJECT / "docs" / "requirements.md"

HEAD = """\
# Requirements

What a conforming build infrastructure satisfies: {count} sentences, layer by layer. Written from
`suites/requirements.toml` by `python -m suites.document`; change them there. Each check has its sentence as
docstring, and a check whose docstring differs is not collected.

MUST decides the verdict, SHOULD and MAY are reported. Every layer above a *gate* needs it: when a gate
fails, the checks above it are blocked instead of failing one by one. The contract (`conformance.toml`) has
the values: which version, which jobs, which repositories.
"""


TAIL = """
## Not required

- **Agent-to-controller security**: cores since 2.326 have no switch for it; it is always on.
- **A build that goes on over a restart of its controller**: required of an upgrade (UPGRADE-16), not here,
  where a controller at rest is restarted.
- **A Terraform plan that wants to change nothing**: proven with every stand-up, whose state the harness has
  (`environments/deploy/terraform.py`); a run on an existing stack compares each setting of the repositories
  with the contract instead (REGISTRY-01 to 03, 24, 25), which a drift differs from, too.
- **Restarts of the registry**: ECR is a service of AWS; it is not the stack's to restart.
"""


def page(catalogue: Catalogue) -> str:
    """`catalogue` as a page of Markdown."""
    parts = [HEAD.format(count=len(catalogue))]
    for layer, below in LAYERS.items():
        rows = [requirement for requirement in catalogue if requirement.layer == layer]
        if not rows:
            continue
        needs = f"Needs {' and '.join(below)}." if below else "Needs no cluster."
        parts.append(f"\n## {layer.capitalize()}\n\n{needs} {len(rows)} requirements.\n")
        parts.append("| id | level | requirement | source | when it fails |\n|---|---|---|---|---|")
        for found in rows:
            level = f"{found.level}, gate" if found.gate else str(found.level)
            cells = (found.id, level, found.text, found.source, found.remedy)
            parts.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(parts) + "\n" + TAIL


def main(target: Path = PAGE) -> int:
    """Write the page of the project's catalogue into `target`."""
    target.write_text(page(load()), encoding="utf-8")
    sys.stdout.write(f"{target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
