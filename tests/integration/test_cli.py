"""The commands as a person types them: real processes, a real database, real files."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import OperationalError

from delivery import crypto, keys
from delivery.cli import database, environment, rotation, sheet
from delivery.cli import init as first
from delivery.cli.__main__ import COMMANDS, main
from delivery.db import Database
from delivery.models.clients import Client
from delivery.models.ledger import AuditEvent
from delivery.models.people import ApiToken, Grant, Person, Practice, PracticeKey, Role
from delivery.service import start
from delivery.settings import Settings, load

FIRST = ["init", "--practice", "Alder Street", "--email", "ada@example.org", "--name", "Ada Rowan"]
PASSWORD = "three plain unrelated words"


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty machine: no setting but the data directory, and a clean environment afterwards."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("LIGHTQ_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LIGHTQ_DATA_DIR", str(tmp_path / "data"))
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


def run(*words: str, given: str = "") -> Result:
    """One command in a fresh environment: what a command sets does not reach the next one."""
    before = dict(os.environ)
    try:
        return CliRunner().invoke(main, list(words), input=given)
    finally:
        os.environ.clear()
        os.environ.update(before)


def ok(*words: str, given: str = "") -> str:
    result = run(*words, given=given)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result.output


def refused(*words: str, given: str = "") -> str:
    """An expected fault: code 2, words on standard error, no traceback."""
    result = run(*words, given=given)
    assert result.exit_code == 2, result.output + repr(result.exception)
    assert isinstance(result.exception, SystemExit)
    assert result.stderr.startswith("lightq: ")
    return result.stderr


def installed(tmp_path: Path) -> Settings:
    """The settings as a command would see them, with what it reads from lightq.env."""
    values = environment.read(environment.path())
    return load(data_dir=tmp_path / "data", secret_keys=values["LIGHTQ_SECRET_KEYS"])


def words_of(output: str) -> list[str]:
    found = dict(re.findall(r"(?<!\S)(\d{1,2}) ([a-z]{3,8})(?!\S)", output))
    return [found[str(n)] for n in range(1, 25)]


@pytest.fixture
def ready(place: Path) -> Settings:
    """An installation after `init`, not yet confirmed."""
    ok(*FIRST)
    return installed(place)


def checks() -> dict[str, str]:
    result = run("doctor", "--json")
    return {one["name"]: one["status"] for one in json.loads(result.stdout)}


# init


def test_init_makes_keys_database_practice_and_first_person(place: Path) -> None:
    output = ok(*FIRST)
    settings = installed(place)
    kek, env = place / "data-keys" / "kek", place / "data-keys" / "lightq.env"
    for file in (kek, env):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((place / "data").stat().st_mode) == 0o700
    assert keys.from_words(" ".join(words_of(output))) == crypto.read_kek(kek)
    password = re.search(r"shown once\): (.+)", output)
    assert password
    service = start(settings)
    with service.db.read() as session:
        person = session.scalars(select(Person)).one()
        assert {g.role for g in session.scalars(select(Grant))} == set(first.FIRST_ROLES)
        owners = set(session.scalars(select(PracticeKey.owner_id)))
        assert crypto.ALLIANCE in owners
        assert len(owners) == 2
    from delivery import accounts

    assert accounts.sign_in(service.db, person.email, password[1], network="n", throttle_key=b"k")
    service.db.close()


def test_init_again_changes_nothing_and_says_so(place: Path, ready: Settings) -> None:
    kept = {p: p.read_bytes() for p in (place / "data-keys").iterdir()}
    output = ok(*FIRST)
    assert "left as it is" in output
    assert {p: p.read_bytes() for p in (place / "data-keys").iterdir()} == kept
    store = Database(ready.database)
    with store.read() as session:
        assert len(session.scalars(select(Person)).all()) == 1
    store.close()


@pytest.mark.parametrize(
    ("given", "set_to", "stored"),
    [
        (None, None, "Secure Forms"),
        (None, "Alder Office", "Alder Office"),
        (" Birch Office ", "Alder Office", "Birch Office"),
    ],
)
def test_the_sender_is_a_neutral_name_and_never_the_practice_s_by_itself(
    place: Path, monkeypatch: pytest.MonkeyPatch, given: str | None, set_to: str | None, stored: str
) -> None:
    if set_to:
        monkeypatch.setenv("LIGHTQ_SENDER_NAME", set_to)
    assert stored in ok(*FIRST, *(["--sender-name", given] if given else []))
    store = Database(installed(place).database)
    with store.read() as session:
        assert session.scalars(select(Practice.sender_name)).one() == stored
    store.close()


@pytest.mark.parametrize("name", ["https://example.org", "alder.example", "forms@example.org", " ", "x" * 61])
def test_a_sender_name_that_looks_like_an_address_is_refused(place: Path, name: str) -> None:
    assert "--sender-name" in refused(*FIRST, "--sender-name", name)
    ok(*FIRST)


def test_init_refuses_the_folder_of_a_demo(place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "demo.json").write_text("{}")
    assert "invented" in refused(*FIRST)
    assert not (place / "data-keys").exists()


def test_on_sqlite_a_second_practice_is_refused_in_words(place: Path, ready: Settings) -> None:
    assert "one practice, here “Alder Street”" in refused("init", "--practice", "Birch House")
    assert "one practice, here “Alder Street”" in refused(
        "person", "add", "x@example.org", "--name", "X", "--role", "owner", "--practice", "Birch House"
    )
    assert "left as it is" in ok("init", "--practice", "alder street")
    store = Database(ready.database)
    with store.read() as session:
        assert session.scalars(select(Practice.name)).all() == ["Alder Street"]
        assert session.scalars(select(Person.email)).all() == ["ada@example.org"]
    store.close()


def test_an_interrupted_init_is_completed_by_the_next(place: Path) -> None:
    assert "--practice is needed" in refused("init")
    kek = (place / "data-keys" / "kek").read_bytes()
    ok(*FIRST)
    assert (place / "data-keys" / "kek").read_bytes() == kek


def test_a_refused_password_leaves_neither_person_nor_practice(place: Path) -> None:
    (place / "pw").write_text("short\n")
    assert "at least 12" in refused(*FIRST, "--password-file", str(place / "pw"))
    (place / "pw").write_text(PASSWORD + "\n")
    output = ok(*FIRST, "--password-file", str(place / "pw"))
    assert PASSWORD not in output
    assert "shown once" not in output


def test_init_refuses_a_sealed_database_whose_key_is_gone(place: Path, ready: Settings) -> None:
    (place / "data-keys" / "kek").unlink()
    assert "keys recover" in refused(*FIRST)
    assert not (place / "data-keys" / "kek").exists(), "a new key would hide that the old one is lost"


def test_init_refuses_a_key_inside_the_data_directory(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIGHTQ_KEK_FILE", str(place / "data" / "kek"))
    assert "inside LIGHTQ_DATA_DIR" in refused(*FIRST)


def test_a_one_letter_address_still_gets_a_password(place: Path) -> None:
    assert "shown once" in ok(*FIRST[:4], "a@example.org", *FIRST[5:])


# The recovery sheet


def test_set_up_is_red_until_four_words_are_typed_back(place: Path, ready: Settings) -> None:
    assert json.loads((place / "data" / "setup.json").read_text())["sheet_confirmed"] is False
    assert checks()["set-up"] == "red"
    words = keys.words(crypto.read_kek(ready.kek_path))

    wrong = run("init", "--confirm", given="zoo\n" * 4)
    assert wrong.exit_code == 2
    assert checks()["set-up"] == "red"

    asked: list[int] = []

    def answer(number: int) -> str:
        asked.append(number)
        return f" {words[number - 1].upper()} "

    sheet.prove(crypto.read_kek(ready.kek_path), answer)
    assert len(set(asked)) == 4

    (place / "words").write_text("\n".join(words))
    assert "complete" in ok("init", "--words-file", str(place / "words"))
    assert checks()["set-up"] == "ok"
    assert "1 " + words[0] not in ok(*FIRST), "a confirmed sheet is not printed again"


def test_a_wrong_or_short_words_file_confirms_nothing(place: Path, ready: Settings) -> None:
    (place / "words").write_text("zoo " * 24)
    refused("init", "--words-file", str(place / "words"))
    (place / "words").write_text("zoo " * 23)
    refused("init", "--words-file", str(place / "words"))
    assert checks()["set-up"] == "red"


def test_the_sheet_fits_a_page_and_its_codes_hold_the_words(place: Path, ready: Settings) -> None:
    kek = crypto.read_kek(ready.kek_path)
    lines = sheet.page(kek, ready).splitlines()
    assert len(lines) <= 50
    ok("init", "--qr-svg", str(place / "sheet.svg"))
    assert stat.S_IMODE((place / "sheet.svg").stat().st_mode) == 0o600
    assert "cannot be written" in refused("init", "--qr-svg", str(place / "sheet.svg"))
    assert "█" in sheet.qr_text(kek)


def test_recover_writes_the_key_anew_and_only_the_right_one(place: Path, ready: Settings) -> None:
    kek = ready.kek_path
    right, held = " ".join(keys.words(crypto.read_kek(kek))), kek.read_bytes()
    assert "already" in ok("keys", "recover", given=right)
    kek.unlink()
    refused("keys", "recover", given="zoo " * 24)
    assert "another installation" in refused("keys", "recover", given=" ".join(keys.words(os.urandom(32))))
    refused("keys", "recover", given="abandon " * 11 + "about")  # a right checksum, but half a key
    assert not kek.exists()
    ok("keys", "recover", given=right)
    assert kek.read_bytes() == held
    assert stat.S_IMODE(kek.stat().st_mode) == 0o600
    kek.write_text(os.urandom(32).hex())
    assert "never overwritten" in refused("keys", "recover", given=right)


def test_the_key_can_come_back_before_the_database_does(place: Path) -> None:
    ok("keys", "recover", given=" ".join(keys.words(bytes(range(32)))))
    assert crypto.read_kek(place / "data-keys" / "kek") == bytes(range(32))
    assert not (place / "data").exists()


# Rotation


def sealed_client(settings: Settings) -> Any:
    service = start(settings)
    from delivery import access, clients

    with service.db.write() as session:
        person = session.scalars(select(Person)).one()
        made = clients.add(session, access.caller(session, person.id), given_name="Cyan")
        number = made.id
    service.db.close()
    return number


def opens(settings: Settings, client: Any) -> bool:
    """A fresh process's view: does the key file open the sealed name?"""
    store = Database(settings.database)
    try:
        rotation.finish(store, settings.kek_path)
    finally:
        store.close()
    service = start(settings)
    try:
        with service.db.read() as session:
            row = session.get(Client, client)
            assert row is not None
            return row.given_name == "Cyan"
    finally:
        service.db.close()


def test_rotate_changes_both_keys_and_keeps_everything_readable(place: Path, ready: Settings) -> None:
    client, old_kek, old_key = sealed_client(ready), ready.kek_path.read_bytes(), ready.keys[0]
    (place / "words").write_text(" ".join(keys.words(crypto.read_kek(ready.kek_path))))
    ok("init", "--words-file", str(place / "words"))
    output = ok("keys", "rotate")
    after = installed(place)
    assert ready.kek_path.read_bytes() != old_kek
    assert after.keys[0] == old_key, "links that are out are still verified"
    assert len(after.keys) == 2
    assert opens(after, client)
    assert words_of(output) == keys.words(crypto.read_kek(ready.kek_path))
    assert checks()["set-up"] == "red", "the new key needs a new sheet"
    assert "unchanged" in ok("audit", "verify")


class Killed(BaseException):
    """A stand-in for kill -9: nothing after it runs."""


@pytest.mark.parametrize(
    "point", ["before the new file", "half a new file", "before the commit", "before the swap"]
)
def test_a_rotation_killed_at_any_point_leaves_a_working_pair(
    place: Path, ready: Settings, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    client, old = sealed_client(ready), crypto.read_kek(ready.kek_path)

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    def half(path: Path, kek: bytes) -> None:
        path.write_text(kek.hex()[:20])
        raise Killed

    store = Database(ready.database)
    crypto.install(crypto.Vault(keys.loader(store, old)))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        if point == "before the new file":
            patch.setattr(keys, "write_kek", die)
        elif point == "half a new file":
            patch.setattr(keys, "write_kek", half)
        elif point == "before the commit":
            patch.setattr(rotation.audit, "record", die)
        else:
            patch.setattr(Path, "replace", die)
        rotation.rotate(store, ready.kek_path)
    store.close()

    swapped = point == "before the swap"
    assert rotation.beside(ready.kek_path).exists() == (
        point in ("half a new file", "before the commit", "before the swap")
    )
    assert opens(ready, client)
    assert not rotation.beside(ready.kek_path).exists()
    assert (crypto.read_kek(ready.kek_path) != old) == swapped
    ok("keys", "rotate")
    assert opens(ready, client)


def test_a_rotation_killed_for_real_leaves_a_working_pair(place: Path, ready: Settings) -> None:
    client = sealed_client(ready)
    for delay in (0.0, 0.002, 0.01, 0.03):
        script = (
            "from pathlib import Path\nfrom delivery import crypto, keys\nfrom delivery.cli import rotation\n"
            "from delivery.db import Database\n"
            f"s = Database({ready.database!r}); p = Path({str(ready.kek_path)!r})\n"
            "crypto.install(crypto.Vault(keys.loader(s, crypto.read_kek(p))))\n"
            "rotation.finish(s, p); print('go', flush=True)\n"
            "while True:\n"
            "    rotation.rotate(s, p)\n"
            "    crypto.install(crypto.Vault(keys.loader(s, crypto.read_kek(p))))\n"
        )
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline() == b"go\n"
        time.sleep(delay)
        child.kill()
        child.wait()
        child.stdout.close()
        assert opens(ready, client)


def test_an_interrupted_rotation_never_throws_a_key_away_over_a_foreign_database(
    place: Path, ready: Settings
) -> None:
    keys.write_kek(rotation.beside(ready.kek_path), os.urandom(32))
    ready.kek_path.write_text(os.urandom(32).hex())
    held = rotation.beside(ready.kek_path).read_bytes()
    assert "keep both files" in refused("up")
    assert rotation.beside(ready.kek_path).read_bytes() == held


def test_rotate_refuses_while_the_service_runs(place: Path, ready: Settings) -> None:
    from delivery.cli.supervisor import only_one

    with only_one(ready.data_dir):
        assert "already runs" in refused("keys", "rotate")


# People and tokens


def test_a_person_can_hold_several_roles_and_gets_a_password_once(place: Path, ready: Settings) -> None:
    output = ok("person", "add", "bo@example.org", "--name", "Bo", "--role", "clinician", "--role", "owner")
    assert "shown once" in output
    assert "already there" in refused("person", "add", "bo@example.org", "--name", "Bo", "--role", "owner")
    assert "not an e-mail" in refused("person", "add", "bo", "--name", "Bo", "--role", "owner")
    ok("person", "add", "op@example.org", "--name", "Op", "--role", "operator")
    assert "no such practice" in refused(
        "person", "add", "x@example.org", "--name", "X", "--role", "owner", "--practice", "Elm"
    )
    store = Database(ready.database)
    with store.read() as session:
        found = {
            (p, g.role)
            for g, p in session.execute(
                select(Grant, Person.email).join(Person, Person.id == Grant.person_id)
            )
        }
    store.close()
    assert {role for email, role in found if email == "bo@example.org"} == {Role.CLINICIAN, Role.OWNER}


def test_a_grant_gives_a_role_to_somebody_who_is_there_once(place: Path, ready: Settings) -> None:
    ok("person", "add", "bo@example.org", "--name", "Bo", "--role", "front_desk")
    words = ok("person", "grant", "Bo@example.org", "--role", "clinician", "--role", "front_desk")
    assert words == "bo@example.org is now also clinician.\n"
    assert "operator" in ok("person", "grant", "bo@example.org", "--role", "operator")
    assert "nothing was changed" in ok("person", "grant", "bo@example.org", "--role", "clinician")
    assert "nobody" in refused("person", "grant", "no@example.org", "--role", "owner")
    assert "no such practice" in refused(
        "person", "grant", "bo@example.org", "--role", "owner", "--practice", "Elm"
    )
    store = Database(ready.database)
    with store.read() as session:
        person = session.scalars(select(Person).where(Person.email == "bo@example.org")).one()
        held = [
            (g.role, g.practice_id is None)
            for g in session.scalars(select(Grant).where(Grant.person_id == person.id).order_by(Grant.id))
        ]
        tags = session.scalars(select(AuditEvent.tag).where(AuditEvent.subject_id == person.id)).all()
    store.close()
    assert held == [(Role.FRONT_DESK, False), (Role.CLINICIAN, False), (Role.OPERATOR, True)]
    assert tags.count("operator:grant:made") == 2
    assert "unchanged" in ok("audit", "verify")


def test_signing_somebody_out_ends_sessions_and_on_request_tokens(place: Path, ready: Settings) -> None:
    from delivery import accounts

    (place / "pw").write_text(PASSWORD + "\n")
    ok(
        "person",
        "add",
        "bo@example.org",
        "--name",
        "B",
        "--role",
        "clinician",
        "--password-file",
        f"{place / 'pw'}",
    )
    token = ok("token", "create", "--person", "bo@example.org").strip()
    service = start(ready)
    cookie = accounts.sign_in(service.db, "bo@example.org", PASSWORD, network="n", throttle_key=b"k")
    assert cookie is not None

    def stands() -> tuple[bool, bool]:
        with service.db.read() as session:
            return bool(accounts.resume(session, cookie)), bool(accounts.bearer(session, token))

    assert stands() == (True, True)
    assert "sessions ended: 1." in ok("person", "sign-out", "BO@example.org")
    assert stands() == (False, True)
    assert "tokens ended: 1." in ok("person", "sign-out", "bo@example.org", "--tokens")
    assert stands() == (False, False)
    with service.db.read() as session:
        tags = session.scalars(select(AuditEvent.tag)).all()
    service.db.close()
    assert tags.count("operator:session:revoked") == 2
    assert tags.count("operator:token:revoked") == 1
    assert "nobody" in refused("person", "sign-out", "no@example.org")


def test_a_database_that_does_not_answer_is_said_with_where_to_look(
    place: Path, ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: Any) -> None:
        raise OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr("delivery.db.Session.scalars", silent)
    assert "did not answer (OperationalError)" in refused("person", "sign-out", "ada@example.org")
    assert checks()["keys fit"] == "red"


def test_a_token_is_printed_alone_and_kept_only_hashed(place: Path, ready: Settings) -> None:
    output = ok("token", "create", "--person", "ada@example.org", "--name", "records")
    assert re.fullmatch(r"lq_[A-Za-z0-9_-]{32}\n", output)
    store = Database(ready.database)
    with store.read() as session:
        row = session.scalars(select(ApiToken)).one()
    store.close()
    assert row.name == "records"
    assert output.strip().encode() not in row.secret_hash
    assert "nobody" in refused("token", "create", "--person", "no@example.org")


def test_a_changed_line_of_the_audit_log_is_found(place: Path, ready: Settings) -> None:
    engine = create_engine(ready.database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit_event SET actor = 'person:nobody' WHERE number = 1"))
    engine.dispose()
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "line 1 was changed" in result.output


# The database


def test_a_database_of_a_newer_version_is_refused_in_words_by_everything(
    place: Path, ready: Settings
) -> None:
    engine = create_engine(ready.database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for words in (
        ["db", "upgrade"],
        ["up"],
        ["web"],
        ["worker", "send"],
        ["scheduler"],
        ["keys", "rotate"],
        ["token", "create", "--person", "ada@example.org"],
        FIRST,
    ):
        assert "newer" in refused(*words), words
    assert checks()["database"] == "red"


def test_an_older_database_asks_for_an_upgrade_and_is_copied_aside(place: Path, ready: Settings) -> None:
    ok("db", "downgrade", "--to", "base", "--yes")
    copies = list((place / "data").glob("before-upgrade-*.db"))
    assert len(copies) == 1
    assert stat.S_IMODE(copies[0].stat().st_mode) == 0o600
    store = Database(f"sqlite:///{copies[0]}")
    with store.read() as session:
        assert session.scalars(select(Person)).one().email == "ada@example.org"
    store.close()
    assert "init" in refused("token", "create", "--person", "ada@example.org")
    ok("db", "upgrade")
    assert database.revisions(ready.database)[0] == database.revisions(ready.database)[1]
    assert "cannot be reached" in refused("db", "downgrade", "--to", "7777", "--yes")


def test_the_migrations_lead_to_the_models() -> None:
    assert "lead to the models" in ok("db", "check")


# Wrong and missing keys


def test_a_wrong_key_file_is_refused_in_words(place: Path, ready: Settings) -> None:
    ready.kek_path.write_text(os.urandom(32).hex())
    assert "does not fit" in refused("token", "create", "--person", "ada@example.org")
    assert "does not fit" in refused("web")
    found = checks()
    assert (found["key-encryption key"], found["keys fit"]) == ("warn", "red")


@pytest.mark.parametrize("content", ["", "not hex", "ab" * 31, "ü" * 64])
def test_a_spoilt_key_file_is_refused_in_words(place: Path, ready: Settings, content: str) -> None:
    ready.kek_path.write_text(content, encoding="utf-8")
    assert "64 hexadecimal digits" in refused("token", "create", "--person", "ada@example.org")
    assert checks()["keys fit"] == "red"


def test_a_missing_key_file_names_the_way_back(place: Path, ready: Settings) -> None:
    ready.kek_path.unlink()
    assert "keys recover" in refused("up")
    assert checks()["key-encryption key"] == "red"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("LIGHTQ_SECRET_KEYS", "short", "shorter than 32"),
        ("LIGHTQ_SECRET_KEYS", "password" * 8, "weak"),
        ("LIGHTQ_BASE_URL", "http://forms.example.org", "plain http"),
        ("LIGHTQ_CLIENT_URL", "http://127.0.0.1:8080", "two different hosts"),
        ("LIGHTQ_EMAIL", "pigeon", "LIGHTQ_EMAIL"),
    ],
)
def test_unsafe_settings_stop_every_command(
    place: Path, ready: Settings, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    for command in (["up"], ["web"], ["worker", "score"], ["token", "create", "--person", "ada@example.org"]):
        assert words in refused(*command)
    assert checks() == {"settings": "red"}


def test_before_init_everything_points_to_it(place: Path) -> None:
    assert "lightq init" in refused("up")
    found = checks()
    assert found["signing keys"] == found["database"] == "red"
    assert not (place / "data").exists(), "looking makes nothing"


def test_a_spoilt_lightq_env_is_named_with_its_line(place: Path, ready: Settings) -> None:
    environment.path().write_text("# note\nLIGHTQ_EMAIL smtp\n")
    assert "line 2" in refused("up")


def test_the_environment_wins_over_the_file(
    place: Path, ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIGHTQ_BASE_URL", "http://127.0.0.1:9191")
    result = run("doctor", "--json")
    assert "http://127.0.0.1:9191" in json.loads(result.stdout)[0]["words"]


def test_the_file_lies_beside_the_key_wherever_the_settings_put_it(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environment.path().parent == load().kek_path.parent
    monkeypatch.setenv("LIGHTQ_KEK_FILE", str(place / "safe" / "key"))
    assert environment.path().parent == load().kek_path.parent
    monkeypatch.delenv("LIGHTQ_KEK_FILE")
    monkeypatch.delenv("LIGHTQ_DATA_DIR")
    assert environment.path().parent == load().kek_path.parent


# doctor


def test_doctor_looks_at_everything_and_says_what_to_do(place: Path, ready: Settings) -> None:
    result = run("doctor")
    assert result.exit_code == 1
    assert "RED   set-up" in result.output
    found = checks()
    assert found.keys() >= {
        "settings",
        "database",
        "keys fit",
        "broker",
        "renderer",
        "fonts",
        "disk",
        "clock",
        "messages",
    }
    assert found["database"] == found["keys fit"] == found["fonts"] == found["clock"] == "ok"
    assert found["messages"] == found["broker"] == "warn"


def test_doctor_sees_readable_keys_a_clock_behind_and_a_provider_without_settings(
    place: Path, ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.kek_path.chmod(0o644)
    monkeypatch.setenv("LIGHTQ_EMAIL", "sendgrid")
    monkeypatch.setenv("LIGHTQ_REDIS_URL", "redis://127.0.0.1:1/0")
    engine = create_engine(ready.database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit_event SET at = '2999-01-01 00:00:00.000000'"))
    engine.dispose()
    found = checks()
    assert [found[n] for n in ("key-encryption key", "clock", "messages", "broker")] == ["red"] * 4


# Running


def test_every_command_of_the_table_exists() -> None:
    output = ok("--help")
    for name in COMMANDS:
        assert re.search(rf"^  {name}\b", output, re.MULTILINE), name


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_web_runs_as_a_process_of_its_own_and_answers_on_its_port(place: Path, ready: Settings) -> None:
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "delivery.cli", "web", "--port", str(port)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/openapi.json") as reply:
                    assert json.load(reply)["openapi"] == "3.1.0"
                    break
            except OSError:
                assert child.poll() is None, child.communicate()[0].decode()
                assert time.monotonic() < deadline
                time.sleep(0.1)
    finally:
        child.terminate()
        log = child.communicate(timeout=30)[0]
    assert b"openapi.json" not in log, "requests are not logged"
