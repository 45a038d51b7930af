"""Every kind of work has a handler, a queue and a worker that hears it."""

from __future__ import annotations

import importlib

from delivery import bell, inbox, jobs
from workers import __main__ as processes
from workers.drain import HANDLERS


def test_every_kind_of_work_has_a_handler() -> None:
    assert set(HANDLERS) == set(jobs.QUEUES)


def test_every_queue_is_heard_by_exactly_one_kind_of_worker() -> None:
    heard = [queue for queues in processes.QUEUES.values() for queue in queues]
    assert sorted(heard) == sorted({*jobs.QUEUES.values(), inbox.QUEUE})


def test_the_bell_names_a_function_that_exists() -> None:
    module, name = bell.JOB.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name))
