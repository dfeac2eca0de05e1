"""`conformance image jenkins`: a real controller's image from files that the user has."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from conformance.cli.options import (
    add_contract_options,
    add_images_option,
    add_provision_option,
    path,
    run_options,
)

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("image")
    names = parser.add_subparsers(dest="image", metavar="jenkins", required=True)
    jenkins = names.add_parser(
        "jenkins", help="a real controller with the pinned plugins, for --jenkins-image"
    )
    jenkins.add_argument("--war", type=path, required=True, metavar="FILE", help="jenkins.war")
    jenkins.add_argument(
        "--plugins", type=path, required=True, metavar="DIR", help="folder of the plugins' .jpi or .hpi files"
    )
    jenkins.add_argument("--tag", default="", metavar="NAME", help="name of the image")
    add_contract_options(jenkins)
    add_images_option(jenkins)
    add_provision_option(jenkins)
    jenkins.set_defaults(handler=build_jenkins)


def build_jenkins(options: argparse.Namespace) -> int:
    """Check the files against the pins, build; 0. Raises UsageError where they differ."""
    from conformance.contract.load import load
    from conformance.sources.plugins.read import read
    from environments.host.provision import fit_host
    from environments.images import controller, sources
    from environments.images.builder import Builder
    from environments.kind import reap

    chosen_options = run_options(options)
    loaded = load(chosen_options.contract)
    pins = {name: pin.version for name, pin in read(loaded.values_template).exact().items()}
    chosen = controller.choose(options.war, options.plugins, pins, loaded.contract.jenkins.version)
    for name in chosen.left_out:
        print(f"left out, as nothing pins it: {name}")
    tag = options.tag or f"conformance.local/jenkins:{chosen.version}"
    found = sources.choose(options.images, loaded.contract.kubernetes.version)
    print(found.why)
    engine = fit_host(may_provision=chosen_options.may_provision, say=print)
    try:
        base = Builder(found.catalogue, engine).ensure("base")
        controller.build(chosen, engine, base, tag)
    finally:
        reap.release_engine()
    print(f"{tag}: Jenkins {chosen.version} with {len(chosen.plugins)} plugins")
    print(f"use it with --jenkins-image {tag}")
    return 0
