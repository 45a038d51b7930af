"""`./lightq instruments accept` and `add`, as an operator types them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from delivery import instrument_files
from delivery.cli import installation
from delivery.cli.__main__ import main
from delivery.errors import LightQError
from delivery.models.ledger import AuditEvent
from delivery.models.library import InstrumentFile, TermsAccepted
from delivery.models.people import Practice
from tests import own_measure


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine on which `init` was run."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("LIGHTQ_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIGHTQ_DATA_DIR", str(tmp_path / "data"))
    made = _run("init", "--practice", "Alder Street", "--email", "ada@example.org", "--name", "Ada Rowan")
    assert made.exit_code == 0, made.output
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


def _run(*words: str) -> Result:
    before = dict(os.environ)
    try:
        return CliRunner().invoke(main, list(words))
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_the_operator_accepts_terms_with_a_name_and_once(place: Path) -> None:
    done = _run("instruments", "accept", "who5", "--name", "Rae Root")
    assert done.exit_code == 0, done.output
    assert "Accepted for Alder Street." in done.output
    again = _run("instruments", "accept", "who5", "--name", "Rae Root")
    assert again.exit_code == 2
    assert "were accepted already" in again.stderr
    everywhere = _run("instruments", "accept", "who5", "--all", "--name", "Rae Root")
    assert everywhere.exit_code == 0
    assert "nothing was changed" in everywhere.output
    with installation.opened() as service, service.db.read() as session:
        row = session.scalars(select(TermsAccepted)).one()
        assert (row.accepted_name, row.accepted_by) == ("Rae Root", None)
        assert row.notice in done.output
        lines = session.execute(select(AuditEvent.tag, AuditEvent.actor)).all()
        assert ("library:terms:accepted", "operator") in [tuple(line) for line in lines]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["who5", "--practice", "x", "--all", "--name", "R"], "either --practice or --all"),
        (["who5", "--practice", "Birch House", "--name", "R"], "no such practice"),
        (["phq9", "--name", "R"], "has no terms to accept"),
        (["nothing", "--name", "R"], "no such measure"),
    ],
)
def test_what_cannot_be_accepted_is_refused_in_words(place: Path, words: list[str], reason: str) -> None:
    result = _run("instruments", "accept", *words)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_a_file_is_taken_in_for_the_practice_by_id_or_name(place: Path) -> None:
    file = place / "own.yaml"
    file.write_bytes(own_measure.file())
    with installation.opened() as service, service.db.read() as session:
        home = session.scalars(select(Practice)).one()
    done = _run("instruments", "add", str(file), "--practice", str(home.id))
    assert done.exit_code == 0, done.output
    assert "Added own_mood, version 1, for Alder Street." in done.output
    file.write_bytes(own_measure.file(version=2))
    assert _run("instruments", "add", str(file), "--practice", "alder street").exit_code == 0
    with installation.opened() as service, service.db.read() as session:
        assert session.scalars(select(InstrumentFile.version)).all() == [1, 2]
        assert instrument_files.find(session, home.id, "own_mood").version == 2


def test_a_file_that_cannot_be_used_is_refused_with_its_place(place: Path) -> None:
    file = place / "own.yaml"
    file.write_bytes(own_measure.file(surprise=1))
    result = _run("instruments", "add", str(file))
    assert result.exit_code == 2
    assert "unknown key 'surprise'" in result.stderr
    assert "own.yaml, line" in result.stderr
    gone = _run("instruments", "add", str(place / "gone.yaml"))
    assert gone.exit_code == 2
    assert "can't be read" in gone.stderr


def test_without_a_practice_there_is_nothing_to_add_to(place: Path) -> None:
    from delivery.cli import instruments

    with installation.opened() as service, service.db.read() as session:
        home = session.scalars(select(Practice)).one()
        assert instruments._one(session, None).id == home.id
        with pytest.raises(LightQError, match="no such practice"):
            instruments._one(session, "another")
