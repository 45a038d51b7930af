"""The supervisor, with real processes: small shell and Python scripts instead of ours."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from delivery.cli import processes
from delivery.cli.processes import Process
from delivery.cli.supervisor import AlreadyRunning, NotStarted, Supervisor, only_one

FOREVER = "while :; do sleep 0.05; done"
#: Runs a supervisor of one endless process in a process of its own; prints the pid of that process.
STANDALONE = """
import sys, pathlib
from delivery.cli.processes import Process
from delivery.cli.supervisor import Supervisor
here = pathlib.Path(sys.argv[1])
pid = here / "child.pid"
endless = Process(name="endless", argv=["sh", "-c", f"echo $$ > {pid}; while :; do sleep 0.05; done"],
                  ready=lambda: pid.exists() and bool(pid.read_text()))
sys.exit(Supervisor([endless], here / "logs").run())
"""


@pytest.fixture(autouse=True)
def quick_restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FIRST_DELAY", 0.05)


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    made: list[Supervisor] = []

    def make(*wanted: Process, **options: object) -> Supervisor:
        made.append(Supervisor(wanted, tmp_path / "logs", **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.ask_to_stop()
        supervisor.ask_to_stop()
        supervisor.stop()


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    supervisor = subprocess.Popen([sys.executable, "-c", STANDALONE, str(tmp_path)])
    pid_file = tmp_path / "child.pid"
    until(lambda: pid_file.exists() and bool(pid_file.read_text()))
    yield supervisor, int(pid_file.read_text())
    supervisor.kill()
    supervisor.wait()


def shell(name: str, script: str, **options: object) -> Process:
    return Process(name=name, argv=["sh", "-c", script], **options)  # type: ignore[arg-type]


def until(happened: Callable[[], object], supervisor: Supervisor | None = None, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        if supervisor is not None:
            supervisor.step()
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def pid_of(supervisor: Supervisor, name: str) -> int:
    pid = supervisor.status()[name].pid
    assert pid is not None
    return pid


def test_the_second_process_starts_only_when_the_first_is_ready(
    tmp_path: Path, supervise: Callable[..., Supervisor]
) -> None:
    mark = tmp_path / "mark"
    first = shell("first", f"sleep 0.3; touch {mark}; {FOREVER}", ready=mark.exists, others_wait=True)
    second = shell("second", f"test -e {mark} && echo after || echo before; {FOREVER}")
    lines: list[str] = []
    supervisor = supervise(first, second, echo=lines.append)
    supervisor.start()
    assert all(status.ready for status in supervisor.status().values())
    until(lambda: lines, supervisor)
    assert lines == ["second | after"]


def test_a_process_that_is_killed_runs_again(supervise: Callable[..., Supervisor]) -> None:
    supervisor = supervise(shell("one", FOREVER), shell("two", FOREVER))
    supervisor.start()
    before, other = pid_of(supervisor, "one"), pid_of(supervisor, "two")
    os.kill(before, signal.SIGKILL)
    until(lambda: supervisor.status()["one"].ends == 1 and supervisor.status()["one"].ready, supervisor)
    assert pid_of(supervisor, "one") != before
    assert pid_of(supervisor, "two") == other


def test_what_a_process_leaves_in_its_group_is_ended_before_it_runs_again(
    tmp_path: Path, supervise: Callable[..., Supervisor]
) -> None:
    left = tmp_path / "left.pid"
    supervisor = supervise(shell("parent", f"sleep 60 & echo $! > {left}; {FOREVER}"))
    supervisor.start()
    until(lambda: left.exists() and left.read_text())
    orphan = int(left.read_text())
    os.kill(pid_of(supervisor, "parent"), signal.SIGKILL)
    until(lambda: supervisor.status()["parent"].ends == 1, supervisor)
    until(lambda: is_gone(orphan))
    assert is_gone(orphan)


def test_processes_stop_in_reverse_order(tmp_path: Path, supervise: Callable[..., Supervisor]) -> None:
    order = tmp_path / "order"
    names = ["broker", "web", "worker"]
    ready = {name: tmp_path / name for name in names}
    supervisor = supervise(
        *(
            shell(
                name,
                f"trap 'echo {name} >> {order}; exit 0' TERM; touch {ready[name]}; {FOREVER}",
                ready=ready[name].exists,
            )
            for name in names
        )
    )
    supervisor.start()
    supervisor.stop()
    assert order.read_text().split() == ["worker", "web", "broker"]
    assert all(status.pid is None for status in supervisor.status().values())


def test_who_does_not_stop_in_time_is_killed_with_all_its_group(
    tmp_path: Path, supervise: Callable[..., Supervisor]
) -> None:
    helper = tmp_path / "helper.pid"
    deaf = f"trap '' TERM; sleep 60 & echo $! > {helper}; {FOREVER}"
    supervisor = supervise(
        shell("deaf", deaf, ready=lambda: helper.exists() and bool(helper.read_text())), grace=0.2
    )
    supervisor.start()
    pid, child = pid_of(supervisor, "deaf"), int(helper.read_text())
    supervisor.stop()
    until(lambda: is_gone(pid) and is_gone(child))
    assert (is_gone(pid), is_gone(child)) == (True, True)


def test_the_end_of_the_purpose_of_the_run_is_the_end_of_the_run(
    tmp_path: Path, supervise: Callable[..., Supervisor]
) -> None:
    pid = tmp_path / "pid"
    endless = shell("endless", f"echo $$ > {pid}; {FOREVER}", ready=pid.exists, others_wait=True)
    supervisor = supervise(endless, shell("purpose", "exit 7", restart=False))
    assert supervisor.run() == 7
    assert is_gone(int(pid.read_text()))


def test_a_process_that_never_gets_ready_is_named_with_its_last_words(
    tmp_path: Path, supervise: Callable[..., Supervisor]
) -> None:
    pid = tmp_path / "pid"
    supervisor = supervise(
        shell("good", f"echo $$ > {pid}; {FOREVER}", ready=pid.exists, others_wait=True),
        shell("web", "echo the port is taken >&2; exit 1", ready=lambda: False),
    )
    with pytest.raises(NotStarted, match=r"web did not start:[\s\S]*the port is taken"):
        supervisor.run()
    assert is_gone(int(pid.read_text()))


def test_a_process_that_hangs_while_starting_is_named(supervise: Callable[..., Supervisor]) -> None:
    slow = shell("slow", FOREVER, ready=lambda: False, ready_within=0.2)
    with pytest.raises(NotStarted, match="slow did not start"):
        supervise(slow).run()


def test_a_program_that_is_not_there_is_named(supervise: Callable[..., Supervisor]) -> None:
    absent = Process(name="absent", argv=["/nowhere/at/all"])
    with pytest.raises(NotStarted, match=r"absent did not start:[\s\S]*/nowhere/at/all: No such file"):
        supervise(absent).run()


def test_a_signal_stops_the_processes_and_the_run_ends_well(
    standalone: tuple[subprocess.Popen[bytes], int],
) -> None:
    supervisor, child = standalone
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(20) == 0
    assert is_gone(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_processes_end_when_their_supervisor_is_killed(
    standalone: tuple[subprocess.Popen[bytes], int],
) -> None:
    supervisor, child = standalone
    supervisor.kill()
    until(lambda: is_gone(child))
    assert is_gone(child)


def test_a_second_supervisor_on_the_same_data_is_refused_in_plain_words(tmp_path: Path) -> None:
    with (
        only_one(tmp_path / "data"),
        pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"),
        only_one(tmp_path / "data"),
    ):
        pass
    with only_one(tmp_path / "data"):
        pass
