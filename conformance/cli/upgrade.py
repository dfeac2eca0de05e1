"""`conformance upgrade`: the last release with a team's data in it, to the next one and back."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from conformance.cli.options import (
    add_contract_options,
    add_making_options,
    path,
    require_writable,
    run_options,
)
from conformance.core import command as command_lines
from conformance.core.paths import state_root
from conformance.upgrade.kinds import KINDS

if TYPE_CHECKING:
    from conformance.cli.options import Subparsers
    from conformance.cli.plan import Plan
    from conformance.contract.model import LoadedContract
    from conformance.upgrade.interruptions import Disturbable
    from conformance.upgrade.kinds import Kind
    from conformance.upgrade.pairs import Side
    from environments.kind.stack import KindStack
    from environments.options import RunOptions
    from environments.runs import Run

SEED = 1
#: MiB of memory that volumes have where they are to be filled: the whole suite writes about 1 GiB
CLAIMS = 4096


def register(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("upgrade")
    add_contract_options(parser)
    parser.add_argument(
        "--from",
        dest="before",
        default="",
        metavar="stack@REVISION|FILE",
        help="what people run (default: the newest tag of the contract's repository)",
    )
    parser.add_argument(
        "--to",
        dest="after",
        default="",
        metavar="stack@REVISION|FILE",
        help="what they upgrade to (default: the contract)",
    )
    parser.add_argument("--seed", type=int, default=SEED, help="number that the state is made from")
    parser.add_argument("--no-back", action="store_true", help="do not go back afterwards")
    parser.add_argument(
        "--interrupt",
        default=None,
        choices=KINDS,
        help="disturb it: kill the new pods, restart the node, take the registry away, fill the volumes",
    )
    parser.add_argument("--keep", action="store_true", help="keep the stack afterwards")
    parser.add_argument("--results-dir", type=path, default=None, metavar="DIR", help="where results go")
    add_making_options(parser)
    parser.set_defaults(handler=upgrade)


def upgrade(options: argparse.Namespace) -> int:
    """Run one pair; the worst exit code of its reports, 0 when all conforms."""
    from rich.console import Console

    from conformance.cli import plan, stack
    from conformance.core.nonconformance import NonConformance
    from conformance.upgrade import pairs
    from environments import reap
    from environments.kind.environment import KIND

    console = Console()

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    chosen = run_options(options, environment=KIND.name)
    for folder in filter(None, (chosen.results_dir, state_root())):
        require_writable(folder)
    sources = plan.scratch("pair")
    try:
        given = options.before or pairs.newest_release(chosen.contract)
        before = pairs.side(given, chosen.contract, sources)
        after = pairs.side(options.after or str(chosen.contract), chosen.contract, sources)
        plans = {
            side.name: plan.plan(replace(chosen, contract=side.loaded.file), say) for side in (before, after)
        }
        for removed in reap.reap():
            say(f"removed what a killed run left: {removed}")
        claims = CLAIMS if options.interrupt == "volume" else 0
        run, where = stack.stand_up(plans[before.name], console, lambda order: KIND.stand_up(order, claims))
        try:
            journey = _Journey(chosen, run, where, plans, say, options.seed, options.interrupt)
            return journey.there_and_back(before, after, back=not options.no_back)
        except NonConformance as error:
            say(f"not conformant before the upgrade: {error}")
            return 1
        finally:
            if chosen.keep:
                say(f"kept: {run.id} (conformance down {run.id} removes it)")
            else:
                KIND.down(run)
                run.forget_stack()
    finally:
        shutil.rmtree(sources, ignore_errors=True)


@dataclass
class _Journey:
    """A kept stack that goes from one plan to another. `plans` are by the sides' names."""

    options: RunOptions
    run: Run
    where: KindStack
    plans: dict[str, Plan]
    say: Callable[[str], None]
    seed: int = SEED
    interrupt: Kind | None = None

    def there_and_back(self, before: Side, after: Side, *, back: bool = True) -> int:
        """Fill the stack, upgrade it, check it, and the same back; the worst exit code."""
        from conformance.upgrade.observed import STATE
        from conformance.upgrade.state.collectors import fill
        from conformance.upgrade.upgrade_run import UpgradeRun

        course = UpgradeRun(self, self.run, self.say)
        start = time.monotonic()
        manifest = fill(course.stack(before), self.seed)
        took = time.monotonic() - start
        self.say(f"state: {len(manifest.items)} items made and written down in {took:.0f} s")
        ways: list[tuple[Literal["forth", "back"], Side, Side]] = [("forth", before, after)]
        if back:
            ways.append(("back", after, before))
        codes = []
        for direction, old, new in ways:
            folder = (self.options.results_dir or self.run.folder / "upgrade") / direction
            folder.mkdir(parents=True, exist_ok=True)
            manifest.save(folder / STATE)
            # the way back is made undisturbed
            interrupt = self.interrupt if direction == "forth" else None
            seen = course.execute(old, new, direction, folder, interrupt)
            self.say(f"{direction}: {seen.seconds:.0f} s" + (f", failed: {seen.error}" if seen.error else ""))
            self.run = self.plans[new.name].adopt(self.run)
            codes.append(_judge(self.options, new, folder))
            if seen.error:
                break
        return max(codes)

    def change(self, to: LoadedContract, timeline: Path) -> None:
        """The environment becomes another one with every change (upgrade_run.Changeable)."""
        from environments.kind.environment import image_sources

        planned = next(each for each in self.plans.values() if each.loaded.file == to.file)
        self.where = self.where.change(to, image_sources(to, planned.options), timeline)

    def disturbances(self) -> Disturbable:
        from environments.kind.disturb import Disturbances

        return Disturbances(self.where)


def _judge(options: RunOptions, side: Side, folder: Path) -> int:
    """The whole suite of the contract that the stack was brought to, with what was observed meanwhile."""
    command = command_lines.conformance(
        *("run", "--contract", side.loaded.file),
        *("--results-dir", folder / "results", "--upgrade", folder),
        *options.making(),
    )
    return subprocess.run(command, env=command_lines.environment(), check=False).returncode
