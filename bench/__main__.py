"""`./lightq bench`: every measurement, one after the other; each writes its file in bench/results/."""

from __future__ import annotations

import runpy
import sys

ALL = ("score_lines", "report_render", "submit_to_pdf", "link_timing", "link_scanners")
LONG = ("rq_kinds", "rq_kill", "mutants")


def main(arguments: list[str]) -> int:
    """Run those named, or all; `--long` adds those that take minutes, `--all` takes no sample."""
    known = (*ALL, *LONG)
    wanted = [name for name in arguments if name in known]
    if not wanted:
        wanted = [*ALL, *(LONG if "--long" in arguments else ())]
    unknown = [name for name in arguments if name not in known and name not in ("--long", "--all")]
    if unknown or "--help" in arguments:
        sys.stderr.write(f"use: ./lightq bench [--long] [--all] [{' | '.join(known)}]\n")
        return 2
    for name in wanted:
        print(f"== {name}", flush=True)
        sys.argv = [name, *(one for one in arguments if one == "--all")]
        runpy.run_module(f"bench.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
