"""The embedded broker under its supervisor: the real server program, on a unix socket."""

from __future__ import annotations

import os
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from delivery.cli import broker, processes
from delivery.cli.broker import BrokerMissing, answers, broker_process, broker_url, socket_path
from delivery.cli.processes import Child
from delivery.cli.supervisor import Supervisor


@pytest.fixture(autouse=True)
def own_runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="lqt-", dir="/tmp") as short:
        monkeypatch.setattr(broker, "RUNTIME", Path(short))
        monkeypatch.setattr(processes, "FIRST_DELAY", 0.05)
        yield


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[[], tuple[Supervisor, redis.Redis]]]:
    started: list[Supervisor] = []

    def start() -> tuple[Supervisor, redis.Redis]:
        process, url = broker_process(tmp_path / "data")
        supervisor = Supervisor([process], tmp_path / "logs")
        started.append(supervisor)
        supervisor.start()
        return supervisor, redis.Redis.from_url(url)

    yield start
    for supervisor in started:
        supervisor.stop()


def test_the_broker_answers_at_its_url_and_has_no_port(
    run: Callable[[], tuple[Supervisor, redis.Redis]], tmp_path: Path
) -> None:
    _, client = run()
    with client:
        assert client.ping()
        config = client.config_get("*")
    assert config["port"] == "0"
    assert config["appendonly"] == "yes"
    assert config["appendfsync"] == "everysec"
    assert config["maxmemory-policy"] == "noeviction"
    where = socket_path(tmp_path / "data")
    assert broker_url(tmp_path / "data") == f"unix://{where}"
    assert stat.S_IMODE(where.stat().st_mode) == 0o700
    assert stat.S_IMODE(where.parent.stat().st_mode) == 0o700


def test_a_killed_broker_comes_back_with_what_it_held(
    run: Callable[[], tuple[Supervisor, redis.Redis]],
) -> None:
    supervisor, client = run()
    with client:
        client.set("kept", "yes")
        client.waitaof(1, 0, 5000)
        pid = supervisor.status()["broker"].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while not (supervisor.status()["broker"].ends and supervisor.status()["broker"].ready):
            assert time.monotonic() < deadline
            supervisor.step()
            time.sleep(0.02)
        assert client.get("kept") == b"yes"


def test_a_broker_left_behind_is_dismissed_and_its_data_taken_over(
    run: Callable[[], tuple[Supervisor, redis.Redis]], tmp_path: Path
) -> None:
    process, url = broker_process(tmp_path / "data")
    orphan = Child(process, tmp_path)
    orphan.start()
    while not answers(socket_path(tmp_path / "data")):
        time.sleep(0.02)
    with redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
    _, client = run()
    with client:
        assert orphan.reap() == 0
        assert client.get("kept") == b"yes"


def test_a_socket_file_without_a_broker_is_no_hindrance(
    run: Callable[[], tuple[Supervisor, redis.Redis]], tmp_path: Path
) -> None:
    where = socket_path(tmp_path / "data")
    where.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(where))
    _, client = run()
    with client:
        assert client.ping()


def test_the_socket_path_is_short_for_the_deepest_data_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    assert len(os.fsencode(socket_path(tmp_path.joinpath(*["deep" * 10] * 20)))) < 108
    assert socket_path(tmp_path / "a") != socket_path(tmp_path / "b")
    assert socket_path(tmp_path / "a") == socket_path(tmp_path / "b" / ".." / "a")


def test_a_folder_that_is_no_folder_of_ours_is_refused(tmp_path: Path) -> None:
    folder = socket_path(tmp_path / "data").parent
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)
    with pytest.raises(BrokerMissing, match="belongs to someone else"):
        broker_process(tmp_path / "data")


def test_a_server_on_the_path_serves_where_the_package_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    process, _ = broker_process(tmp_path / "data")
    assert process.argv[0] == str(program)


def test_no_server_at_all_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerMissing, match="LIGHTQ_REDIS_URL"):
        broker_process(tmp_path / "data")
