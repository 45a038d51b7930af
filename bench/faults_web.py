"""`granian … bench.faults_web:app`: the service's own web, with a clock that a fault run can set."""

from __future__ import annotations

from bench import faults_clock  # noqa: F401 - before anything of the service
from delivery.app import create_app

app = create_app()
