"""`./lightq bench`: every measurement, one after the other; each writes its file in bench/results/."""

from __future__ import annotations

import runpy
import sys

ALL = ("score_lines", "report_render", "submit_to_pdf")
LONG = ("rq_kinds", "rq_kill")


def main(arguments: list[str]) -> int:
    """Run those named, or all; `--long` adds those that take minutes and were for a decision."""
    known = (*ALL, *LONG)
    wanted = [name for name in arguments if name in known]
    if not wanted:
        wanted = [*ALL, *(LONG if "--long" in arguments else ())]
    unknown = [name for name in arguments if name not in known and name != "--long"]
    if unknown or "--help" in arguments:
        sys.stderr.write(f"use: ./lightq bench [--long] [{' | '.join(known)}]\n")
        return 2
    for name in wanted:
        print(f"== {name}", flush=True)
        sys.argv = [name]
        runpy.run_module(f"bench.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
