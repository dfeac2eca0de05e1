"""`python -m mutants.requests`: how many requests the suites send with 10 and with 1,000 seed jobs.

The seed and the contract get so many jobs more; the requests are those that the checks' evidence counts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from conformance.core.paths import REFERENCE
from mutants.actions import Ask, Both, Reconfigure
from mutants.live_run import Runner
from mutants.stacks import endpoints_file

SEED = """
    folder('load')
    (1..{count}).each {{ number ->
        pipelineJob('load/job-' + number) {{
            properties {{
                disableConcurrentBuilds()
            }}
            definition {{
                cpsScm {{
                    scm {{
                        git {{
                            remote {{
                                url(cloudops)
                            }}
                            branch('main')
                        }}
                    }}
                    scriptPath('pipelines/build-commerce/Jenkinsfile')
                }}
            }}
        }}
    }}
"""
#: tolerance in requests: waits (for a search index, a pod) send a few more or less
POLLS = 15
JOB = '[[jenkins.jobs]]\nname = "load/job-{number}"\npipeline = "pipelines/build-commerce/Jenkinsfile"\n\n'


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="requests", description=__doc__)
    parser.add_argument("--stack", metavar="FILE", help="its endpoints; default: the newest kept stack")
    parser.add_argument("--jobs", metavar="N", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("layers", nargs="*", default=["platform", "nexus", "registry", "jenkins"])
    options = parser.parse_args(arguments)
    runner = Runner(endpoints_file(options.stack))
    runner.repair()
    counted = [_requests(runner, jobs, options.layers) for jobs in options.jobs]
    return 0 if max(counted) - min(counted) <= POLLS else 1


def _requests(runner: Runner, jobs: int, layers: Sequence[str]) -> int:
    more = Reconfigure(do="reconfigure", file="jobs.yaml", find=r"\Z", replace=SEED.format(count=jobs))
    # a seed that does not name a job any more leaves it there
    gone = Ask(service="jenkins", method="POST", path="/job/load/doDelete", statuses=(302, 404))
    with tempfile.TemporaryDirectory(prefix="requests-") as name:
        folder = Path(name)
        (folder / "stack").symlink_to(REFERENCE / "stack")
        contract = folder / "conformance.toml"
        text = (REFERENCE / "conformance.toml").read_text(encoding="utf-8")
        declared = "".join(JOB.format(number=number + 1) for number in range(jobs))
        contract.write_text(text.replace("[[jenkins.agents]]", declared + "[[jenkins.agents]]", 1), "utf-8")
        with runner.broken("load", [Both(undo=gone), more]):
            paths = [f"suites/{layer}" for layer in layers]
            records, _ = runner.suites(folder / "run", runner.endpoints, paths, contract)
        count = _counted(folder / "run" / "results")
    bad = [one for one in records if one.outcome not in {"passed", "not applicable"}]
    sys.stdout.write(f"{jobs} jobs more: {count} requests, {len(records)} checks, {len(bad)} not passed\n")
    for one in bad:
        sys.stdout.write(f"  {', '.join(one.requirements)}: {one.message}\n")
    return count


def _counted(results: Path) -> int:
    total = 0
    for file in results.glob("events-*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            for kept in json.loads(line).get("check", {}).get("evidence", ()):
                if kept["name"] == "requests":
                    total += json.loads((results / kept["file"]).read_text(encoding="utf-8"))["count"]
    return total


if __name__ == "__main__":
    sys.exit(main())
