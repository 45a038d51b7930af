"""One supervised process: its log and its pauses."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from delivery.cli import processes
from delivery.cli.processes import Child, Process


def ended(child: Child) -> int:
    child.start()
    for _ in range(500):
        if (code := child.reap()) is not None:
            return code
        time.sleep(0.02)
    raise AssertionError("it did not end")


def shell(script: str, log_dir: Path) -> Child:
    return Child(Process(name="one", argv=["sh", "-c", script], env={"WORD": "hello"}), log_dir)


def test_output_goes_to_the_log_and_comes_back_by_whole_lines(tmp_path: Path) -> None:
    child = shell('echo "$WORD"; echo oops >&2; printf half', tmp_path)
    assert ended(child) == 0
    assert child.new_lines() == ["hello", "oops"]
    assert child.new_lines() == []
    assert (tmp_path / "one.log").read_text() == "hello\noops\nhalf"


def test_what_an_earlier_run_wrote_is_not_told_again(tmp_path: Path) -> None:
    (tmp_path / "one.log").write_text("yesterday\n")
    child = shell("echo today", tmp_path)
    ended(child)
    assert child.new_lines() == ["today"]
    assert child.last_lines() == ["yesterday", "today"]


def test_a_log_does_not_grow_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_SIZE", 1000)
    child = shell("seq 1 400", tmp_path)
    ended(child)
    assert child.new_lines()[-1] == "400"
    assert (tmp_path / "one.log").stat().st_size == 0
    assert (tmp_path / "one.log.1").read_text().startswith("1\n2\n")
    ended(child)
    assert child.new_lines()[0] == "1"


def test_a_line_without_end_does_not_block_those_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "READ_SIZE", 10)
    child = shell("printf 123456789012345; echo; echo next", tmp_path)
    ended(child)
    lines = [line for _ in range(4) for line in child.new_lines()]
    assert lines == ["1234567890", "12345", "next"]


def test_pauses_grow_to_a_limit_and_a_healthy_run_makes_them_short_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = shell("exit 3", tmp_path)
    pauses = []
    for _ in range(7):
        assert ended(child) == 3
        pauses.append(child.delay)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    monkeypatch.setattr(processes, "HEALTHY", 0.0)
    ended(child)
    assert child.delay == 1


def test_a_process_may_ask_for_shorter_pauses(tmp_path: Path) -> None:
    child = Child(Process(name="one", argv=["sh", "-c", "exit 3"], longest_delay=1.5), tmp_path)
    pauses = []
    for _ in range(3):
        ended(child)
        pauses.append(child.delay)
    assert pauses == [1, 1.5, 1.5]


def test_the_end_by_a_signal_has_the_code_a_shell_gives_it(tmp_path: Path) -> None:
    assert ended(shell("kill -9 $$", tmp_path)) == 137
