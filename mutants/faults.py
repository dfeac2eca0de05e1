"""`python -m mutants.faults`: a service that answers badly is no reason for a failed check.

Each service in turn answers slowly, answers 503 a few times, or cuts connections, by a proxy between it and
the suites. Every outcome must be passed, error or blocked; what is `failed` is a mistake of a check.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from conformance.core.paths import REFERENCE
from mutants.fault_proxy import FaultProxies, Rule, ServiceName
from mutants.live_run import Record, Runner
from mutants.stacks import endpoints_file

#: for each method and path: the first answers are broken, what comes after is sound
FAULTS: dict[str, dict[str, object]] = {
    "slow": {"seconds": 1.0, "times": 20},
    "503 three times": {"status": 503, "body": "starting", "times": 3},
    "503 always": {"status": 503, "body": "starting"},
    "reset once": {"reset": True, "times": 1},
    "reset three times": {"reset": True, "times": 3},
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="faults", description=__doc__)
    parser.add_argument("--stack", metavar="FILE", help="its endpoints; default: the newest kept stack")
    parser.add_argument("--service", action="append", choices=get_args(ServiceName), help="only this one")
    parser.add_argument("--fault", action="append", choices=tuple(FAULTS), help="only this one")
    options = parser.parse_args(arguments)
    runner = Runner(endpoints_file(options.stack))
    bad = 0
    for service in options.service or get_args(ServiceName):
        for fault in options.fault or FAULTS:
            rule = Rule.model_validate({"service": service, **FAULTS[fault]})
            records = _outcomes(runner, service, rule)
            failed = [one for one in records if one.outcome == "failed"]
            bad += len(failed)
            outcomes = ", ".join(
                f"{count} {name}" for name, count in Counter(one.outcome for one in records).items()
            )
            sys.stdout.write(f"{'BAD ' if failed else 'ok  '} {service:9} {fault:18} {outcomes}\n")
            for one in failed:
                sys.stdout.write(f"     {', '.join(one.requirements)}: {one.message}\n")
            sys.stdout.flush()
    return 1 if bad else 0


def _outcomes(runner: Runner, service: str, rule: Rule) -> list[Record]:
    with tempfile.TemporaryDirectory(prefix="fault-") as name:
        folder = Path(name)
        with FaultProxies(runner.endpoints, [rule], folder) as proxies:
            contract = REFERENCE / "conformance.toml"
            records, _ = runner.suites(folder / "run", proxies.endpoints, [f"suites/{service}"], contract)
            return records


if __name__ == "__main__":
    sys.exit(main())
