"""The options of `conformance gate`, shared by its three forms."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from conformance.core.paths import CONTRACT

ENVIRONMENT = "CONFORMANCE_UPDATE_CENTER"


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """What every form needs: the pins, the core, the data."""
    parser.add_argument(
        "--candidate",
        metavar="FILE|URL",
        help="pins to judge: values template, plugins.txt, plugins.yaml, Terraform, or a controller "
        "(default: the contract's)",
    )
    parser.add_argument("--contract", type=Path, default=Path(CONTRACT), help="contract (%(default)s)")
    parser.add_argument("--core", default="", help="core version (default: the values', then the contract's)")
    parser.add_argument("--java", default="", help="Java version of the controller, such as 21")
    parser.add_argument(
        "--update-center",
        metavar="FILE|DIRECTORY|URL",
        help=f"update center document (default: ${ENVIRONMENT}); of a directory of days, the newest judges",
    )
    parser.add_argument(
        "--manifests",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="what is known of older releases: a plugin manager's answer (depth=2) or plugin-versions data",
    )
    parser.add_argument(
        "--waivers", type=Path, metavar="FILE", help="waivers (default: pin-waivers.toml if there)"
    )
    parser.add_argument(
        "--known-issues", type=Path, metavar="FILE", help="default: the project's known-issues.toml"
    )
    parser.add_argument(
        "--today", type=date.fromisoformat, default=None, metavar="DATE", help="judge waivers as of this day"
    )


def add_trust(parser: argparse.ArgumentParser) -> None:
    """How far to trust the document."""
    parser.add_argument("--max-age", type=int, default=0, metavar="DAYS", help="refuse an older document")
    parser.add_argument("--require-signature", action="store_true", help="refuse an unsigned document")
    parser.add_argument(
        "--update-center-ca", type=Path, metavar="PEM", help="who may vouch for the document's signature"
    )


def add_gate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--baseline", metavar="FILE|URL", help="pins to compare with (default: the contract's)"
    )
    parser.add_argument("--baseline-core", default="", metavar="VERSION", help="core of the baseline")
    parser.add_argument("--static-only", action="store_true", help="decide from data, boot no controller")
    parser.add_argument(
        "--running", metavar="FILE|URL", help="a controller to compare with the pins (or its saved answer)"
    )
    parser.add_argument("--user-env", default="JENKINS_USER", metavar="NAME", help="variable with the user")
    parser.add_argument(
        "--token-env", default="JENKINS_TOKEN", metavar="NAME", help="variable with the token"
    )
    parser.add_argument("--budget", type=int, default=20, help="most trials of a bisection (default: 20)")
    parser.add_argument(
        "--bisection",
        type=Path,
        default=Path("bisection.jsonl"),
        metavar="FILE",
        help="where trials are remembered, so that a bisection goes on after an interruption",
    )
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML (- for standard output)")


def add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--markdown", metavar="FILE", help="write Markdown for a comment (- for standard output)"
    )
    parser.add_argument("--json", metavar="FILE", help="write JSON (- for standard output)")
