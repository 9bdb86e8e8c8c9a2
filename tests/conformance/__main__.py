"""``python -m tests.conformance``: runs the suite against Kelisim and other servers; the totals as Markdown."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.conformance import runner, suite
from tests.conformance.peers import TARGETS
from tests.engines.server import MissingEngineError


def main() -> int:
    """Prints the table on standard output, and its progress on standard error."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"any of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--failures", action="store_true", help="also list the tests that fail")
    options = parser.parse_args()
    if unknown := set(options.targets) - TARGETS.keys():
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    runs: dict[str, list[runner.Outcome]] = {}
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        folder = Path(name)
        try:
            cases = runner.all_cases(suite.cases(suite.fetch(folder / "suite")))
        except suite.Unreachable as reason:
            print(reason, file=sys.stderr)
            return 1
        for wanted in options.targets or TARGETS:
            (folder / wanted).mkdir()
            try:
                with TARGETS[wanted](folder / wanted) as target:
                    began = time.monotonic()
                    runs[target.name] = runner.run(target, cases)
                    print(f"{target.name}: {time.monotonic() - began:.0f} seconds", file=sys.stderr)
            except MissingEngineError as reason:
                print(f"{wanted} is left out: {reason}", file=sys.stderr)
    if not runs:
        return 1
    print(runner.table(runs))
    for target_name, outcomes in runs.items() if options.failures else ():
        print(f"\n{target_name}")
        for outcome in outcomes:
            if outcome.failure:
                print(f"- {outcome.case.iri}: {' '.join(outcome.failure.split())[:300]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
