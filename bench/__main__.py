"""`./lightq bench`: every measurement, one after the other; each writes its file in bench/results/."""

from __future__ import annotations

import runpy
import sys

ALL = ("score_lines", "report_render", "submit_to_pdf", "link_timing", "link_scanners", "page_weight")
LONG = ("rq_kinds", "rq_kill", "mutants", "schedule_days", "bulk_email", "axe", "lighthouse")


def main(arguments: list[str]) -> int:
    """Run those named, or all; `--long` adds those that take minutes, `--all` takes no sample."""
    known = (*ALL, *LONG)
    if arguments and arguments[0] in known and not {*known, "--long"} & {*arguments[1:]}:
        return _run(arguments[0], arguments[1:])
    wanted = [name for name in arguments if name in known]
    if not wanted:
        wanted = [*ALL, *(LONG if "--long" in arguments else ())]
    unknown = [name for name in arguments if name not in known and name not in ("--long", "--all")]
    if unknown or "--help" in arguments:
        sys.stderr.write(f"use: ./lightq bench [--long] [--all] [{' | '.join(known)}]\n")
        return 2
    for name in wanted:
        print(f"== {name}", flush=True)
        if code := _run(name, [one for one in arguments if one == "--all"]):
            return code
    return 0


def _run(name: str, options: list[str]) -> int:
    """Run one with its own options; its exit code."""
    sys.argv = [name, *options]
    try:
        runpy.run_module(f"bench.{name}", run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
