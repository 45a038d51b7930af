from __future__ import annotations

import os
from collections import Counter

from bench.faults_crash import CRASHED, SEND_PATH, SUBMIT_PATH, TIMES, Crash
from delivery.settings import ROOT


def run(hits: Counter[str]) -> tuple[int, str]:
    """Run a few lines of ours in a child that is watched: its exit code, and the point at which it died."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        from delivery import quiet

        crash = Crash(["delivery/quiet.py"], hits, writing)
        crash.watch()
        quiet.window("UTC", {})
        crash.rest()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        point = pipe.readline().strip()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), point


def test_every_line_is_died_at_three_times_in_turn_until_the_work_gets_through() -> None:
    hits = Counter[str]()
    while (ended := run(hits))[0] == CRASHED:
        hits[ended[1]] += 1
    assert ended == (0, "")
    assert set(hits.values()) == {TIMES}
    lines = (ROOT / "delivery/quiet.py").read_text().splitlines()
    assert [lines[int(point.split(":")[1]) - 1].split()[0] for point in hits] == ["start,", "if", "return"]


def test_the_files_of_both_paths_exist() -> None:
    assert [one for one in (*SEND_PATH, *SUBMIT_PATH) if not (ROOT / one).is_file()] == []
