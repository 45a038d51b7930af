from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from delivery import crypto, keys
from delivery.crypto import Vault
from delivery.db import Database
from delivery.errors import Invalid, Sealing, SettingsError
from delivery.models import Base
from delivery.models.people import PracticeKey

KEK = bytes(range(32))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    Base.metadata.create_all(made.engine)
    crypto.install(Vault(keys.loader(made, KEK)))
    yield made
    made.close()


def owners(database: Database, count: int) -> list[UUID]:
    found = [uuid4() for _ in range(count)]
    with database.write() as session:
        for owner in found:
            keys.make(session, KEK, owner)
    return found


def test_fresh_keys_are_usable_before_and_after_the_commit(database: Database) -> None:
    [owner] = owners(database, 1)
    sealed = crypto.vault().seal(b"x", owner, "p")
    again = Vault(keys.loader(database, KEK))
    assert again.open(sealed, owner, "p") == b"x"


def test_every_owner_has_keys_of_its_own_and_none_lies_open(database: Database) -> None:
    one, two = owners(database, 2)
    load = keys.loader(database, KEK)
    found = [load(one).data[1], load(one).index, load(two).data[1], load(two).index]
    assert len(set(found)) == 4
    with database.read() as session:
        stored = b"".join(row.wrapped for row in session.scalars(select(PracticeKey)))
    assert not any(key in stored for key in found)


def test_an_owner_without_keys_is_an_error(database: Database) -> None:
    with pytest.raises(Sealing, match="no keys"):
        keys.loader(database, KEK)(uuid4())


def test_another_kek_opens_nothing(database: Database) -> None:
    [owner] = owners(database, 1)
    with pytest.raises(SettingsError, match="does not fit"):
        keys.loader(database, os.urandom(32))(owner)


def test_a_data_key_cannot_stand_in_an_index_keys_place(database: Database) -> None:
    [owner] = owners(database, 1)
    with database.write() as session:
        rows = {row.purpose: row for row in session.scalars(select(PracticeKey))}
        rows["data"].wrapped, rows["index"].wrapped = rows["index"].wrapped, rows["data"].wrapped
    with pytest.raises(SettingsError):
        keys.loader(database, KEK)(owner)


def test_a_key_moved_to_another_owner_does_not_open(database: Database) -> None:
    one, two = owners(database, 2)
    with database.write() as session:
        rows = {(r.owner_id, r.purpose): r for r in session.scalars(select(PracticeKey))}
        rows[one, "data"].wrapped = rows[two, "data"].wrapped
    with pytest.raises(SettingsError):
        keys.loader(database, KEK)(one)


def test_rewrapping_keeps_every_key_and_shuts_the_old_kek_out(database: Database) -> None:
    all_owners = owners(database, 3)
    before = [keys.loader(database, KEK)(owner) for owner in all_owners]
    fresh = os.urandom(32)
    with database.write() as session:
        assert keys.rewrap(session, KEK, fresh) == 6
    assert [keys.loader(database, fresh)(owner) for owner in all_owners] == before
    with pytest.raises(SettingsError):
        keys.loader(database, KEK)(all_owners[0])


def test_rewrapping_with_a_wrong_old_kek_changes_nothing(database: Database) -> None:
    [owner] = owners(database, 1)
    with pytest.raises(SettingsError), database.write() as session:
        keys.rewrap(session, os.urandom(32), os.urandom(32))
    assert keys.loader(database, KEK)(owner)


def test_the_key_file_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "kek"
    keys.write_kek(path, KEK)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert crypto.read_kek(path) == KEK
    with pytest.raises(FileExistsError):
        keys.write_kek(path, os.urandom(32))
    assert crypto.read_kek(path) == KEK


def test_the_24_words_give_the_key_again_however_they_are_typed() -> None:
    words = keys.words(KEK)
    assert len(words) == 24
    assert keys.from_words("  " + "\n ".join(words).upper() + " ") == KEK


def test_a_known_key_has_the_words_that_every_bip39_tool_gives() -> None:
    # BIP-39 test vectors, 256 bits: all zero, and all one.
    assert keys.words(bytes(32)) == ["abandon"] * 23 + ["art"]
    assert keys.words(b"\xff" * 32) == ["zoo"] * 23 + ["vote"]


@pytest.mark.parametrize(
    "text",
    ["", "zoo", "zoo " * 24, "abandon " * 23 + "zoo", "abandon " * 22 + "art", "xyzzy " * 24, "é" * 24],
)
def test_words_that_are_not_a_sheets_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="24 words"):
        keys.from_words(text)
