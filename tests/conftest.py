"""Fixtures that many tests share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from delivery import accounts, passphrases
from delivery.service import Service
from tests import answering, build, clinician, postgres


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service of its own on an empty SQLite database."""
    made = build.service(tmp_path)
    yield made
    made.db.close()


@pytest.fixture
def cast(service: Service) -> build.Cast:
    """Everybody, in the service's database."""
    return build.cast(service)


@pytest.fixture
def app(service: Service) -> Flask:
    """The web application over that service."""
    from delivery.app import create_app

    return create_app(service=service)


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    """A browser in the client zone."""
    return answering.browser_of(app)


@pytest.fixture
def console(app: Flask, cast: build.Cast) -> FlaskClient:
    """Dr. Ada's browser, signed in to the console."""
    return clinician.signed_in(app, "ada@example.org")


@pytest.fixture(autouse=True, scope="session")
def quick_passwords() -> Iterator[None]:
    """Passwords are hashed with the least effort here; what the real effort costs is argon2's matter."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (accounts, passphrases):
            patch.setattr(module, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server for the whole run, in a folder that no other test run tidies away."""
    with tempfile.TemporaryDirectory(prefix="lightq-pg-") as folder, postgres.server(Path(folder)) as url:
        yield url


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Where nothing may be skipped (.ci/run), a skipped test is a failure that says why it was skipped."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("LIGHTQ_NO_SKIP"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: nothing may be skipped here. {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Refuse skips of tests."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Refuse skips of whole files."""
    report = yield
    _refuse_skip(report)
    return report
