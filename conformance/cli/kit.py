"""`conformance kit export FILE` and `kit import FILE|URL`."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from conformance.cli.options import add_provision_option, may_provision, path

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("kit")
    actions = parser.add_subparsers(dest="action", metavar="export|import", required=True)
    export = actions.add_parser("export", help="write everything that was built into one archive")
    export.add_argument("file", type=path)
    export.set_defaults(handler=export_kit)
    take = actions.add_parser("import", help="take an archive in; `up` and `run` do it with --kit")
    take.add_argument("source", metavar="FILE|URL")
    take.set_defaults(handler=import_kit)
    for each in (export, take):
        add_provision_option(each)


def export_kit(options: argparse.Namespace) -> int:
    """Pack what is built; 0, or 3 when something is not built yet."""
    from environments.host.provision import fit_host
    from environments.images import catalogue, kit
    from environments.kind import reap

    start = time.monotonic()
    engine = fit_host(may_provision=may_provision(options), say=print)
    try:
        size = kit.export(options.file, catalogue.load(catalogue.pinned_kubernetes()), engine)
    finally:
        reap.release_engine()
    print(f"{options.file}: {size / 1e6:.0f} MB in {time.monotonic() - start:.0f} s")
    return 0


def import_kit(options: argparse.Namespace) -> int:
    """Take a kit in; 0."""
    from environments.host.provision import fit_host
    from environments.images import catalogue, kit
    from environments.kind import reap

    start = time.monotonic()
    engine = fit_host(may_provision=may_provision(options), say=print)
    try:
        kit.take(options.source, catalogue.load(catalogue.pinned_kubernetes()), engine, print)
    finally:
        reap.release_engine()
    print(f"taken in {time.monotonic() - start:.0f} s")
    return 0
