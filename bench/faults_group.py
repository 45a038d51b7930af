"""`python -m bench.faults_group NAME …`: the phases of one group; a line of JSON for each, as it is done."""

from __future__ import annotations

from bench import faults_clock  # isort: skip  # noqa: F401 - before anything of the service

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace

from bench import faults_idle
from bench.faults_phases import CONTROL, GROUPS, IDLE, QUICK, Group
from bench.faults_run import Phase, run
from bench.faults_site import Site
from delivery import logs

KNOWN = (*GROUPS, *QUICK, IDLE, CONTROL)
Share = tuple[Phase, int, int]


def shares(group: Group, phases: Sequence[Phase], messages: int, submits: int) -> list[Share]:
    """Each phase with its messages and submits; of each at least so many that its fault can strike."""
    all_of = sum(phase.share for phase in group.phases)
    all_submits = sum(phase.submits for phase in group.phases) or 1.0
    found = []
    for phase in phases:
        answers = round(submits * phase.submits / all_submits)
        sends = max(10, round(messages * phase.share / all_of))
        # Some of those who are asked get nothing, so more are asked than answer.
        found.append((phase, max(sends, round(answers * 1.3)), answers))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the phases; rows on standard output, everything else on standard error."""
    parser = argparse.ArgumentParser(prog="faults_group")
    parser.add_argument("name", choices=[group.name for group in KNOWN])
    parser.add_argument("--messages", type=int, default=100)
    parser.add_argument("--submits", type=int, default=10)
    parser.add_argument("--idle", type=int, default=0, help="sends of the measurement without faults")
    parser.add_argument("--phase", default="", help="only phases whose name begins so")
    parser.add_argument("--most", type=int, help="blows in one phase")
    parser.add_argument("--database", choices=["sqlite", "postgresql"])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--broken", action="store_true", help="send, then mark")
    given = parser.parse_args(arguments)
    logs.install()  # to standard error: standard output is the result
    group = next(one for one in KNOWN if one.name == given.name)
    phases = [one for one in group.phases if one.fault.startswith(given.phase)]
    with Site(given.database or group.database, group.email, given.seed) as site:
        site.broken = given.broken
        if given.idle:
            print(json.dumps({"idle": faults_idle.measure(site, given.idle, given.seconds)}), flush=True)
        for phase, messages, submits in shares(group, phases, given.messages, given.submits):
            limited = replace(phase, most=min(phase.most, given.most)) if given.most is not None else phase
            result = run(limited, site, messages, submits, given.seconds)
            print(json.dumps(result.row()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
