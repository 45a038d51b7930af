"""Engine, sessions and column types. SQLite (WAL, FULL) for one practice; PostgreSQL for several."""

from __future__ import annotations

import os
import random
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    TypeDecorator,
    bindparam,
    create_engine,
    event,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from delivery.errors import NotSaved

#: How long a writer tries to get SQLite's one write lock before it says so.
BUSY_SECONDS = 10.0


def now() -> datetime:
    """The present moment in UTC. All decisions about time use this."""
    return datetime.now(UTC)


_last_millisecond = 0
_counter = 0
_id_lock = threading.Lock()


def uuid7() -> UUID:
    """A time-ordered random identifier (RFC 9562 version 7), rising within one process."""
    global _last_millisecond, _counter  # noqa: PLW0603 - the monotonic counter of RFC 9562 section 6.2
    with _id_lock:
        millisecond = time.time_ns() // 1_000_000
        # A clock that was set back by more than a moment is believed; otherwise ids keep rising.
        if _last_millisecond - 10_000 < millisecond <= _last_millisecond:
            _counter += 1
            if _counter > 0xFFF:
                _last_millisecond += 1
                _counter = secrets.randbits(8)
        else:
            _last_millisecond, _counter = millisecond, secrets.randbits(8)
        millisecond, counter = _last_millisecond, _counter
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=(millisecond & ((1 << 48) - 1)) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | tail)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC datetimes on both databases; a naive one is a mistake and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive values; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give UTC back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def make_engine(url: str) -> Engine:
    """An engine with LightQ's rules: durable commits, foreign keys on, writers take the lock at once."""
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=20, max_overflow=10, pool_pre_ping=True, hide_parameters=True)
    engine = create_engine(
        url,
        pool_size=20,
        max_overflow=10,
        hide_parameters=True,
        connect_args={"timeout": 0.05, "check_same_thread": False},
    )
    _begin_with(engine, "BEGIN")

    @event.listens_for(engine, "connect")
    def _connect(raw: sqlite3.Connection, _record: Any) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            raw.execute(f"PRAGMA {pragma}")

    return engine


def _writer(engine: Engine) -> Engine:
    """The engine for transactions that write, on the same connections."""
    if engine.dialect.name != "sqlite":
        return engine
    writer = create_engine(engine.url, pool=engine.pool, hide_parameters=True)
    _begin_with(writer, "BEGIN IMMEDIATE")
    return writer


def _begin_with(engine: Engine, statement: str) -> None:
    """How the engine begins a transaction on SQLite.

    Not by a listener: with any of those, every statement of the engine takes a slower way.
    """

    def begin(connection: Any) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                connection.execute(statement)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                # SQLite's own back-off starves waiters; a short random wait keeps the tail flat.
                time.sleep(random.uniform(0.0005, 0.004))  # noqa: S311 - jitter, not a secret
            else:
                return

    engine.dialect.do_begin = begin  # type: ignore[method-assign,assignment]


def insert(session: Session, model: type[Any]) -> Any:
    """An INSERT of the session's own database, which knows `on_conflict_do_nothing` and `returning`."""
    dialect: Any = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    return dialect.insert(model)


def one_of(column: Any, values: Iterable[Any]) -> Any:
    """As `in_`, for a few fixed values: an `in_` is spelled out anew at every call."""
    return or_(false(), *(column == one for one in sorted(values)))


def execute(session: Session, statement: Executable, **values: Any) -> CursorResult[Any]:
    """Run a statement with these bound values past the ORM: plain rows, no entities.

    What the session still holds back is written first. For what is done for every message, with a statement
    that was built once: building one costs several times what running it does.
    """
    session.flush()
    return session.connection().execute(statement, values)


_ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(bindparam("key", type_=BigInteger)))


def one_at_a_time(session: Session, key: bytes) -> None:
    """Wait for every other transaction that works on the same `key`, until it has committed.

    For what no row stands for. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        execute(session, _ONE_AT_A_TIME, key=int.from_bytes(key[-8:], "big", signed=True))


def driver_error(error: BaseException) -> str:
    """The class of what the driver said. Its text may hold a password of the database and is left out."""
    found = error.__cause__ if isinstance(error, NotSaved) and error.__cause__ else error
    return type(getattr(found, "orig", found)).__name__


def taken(error: IntegrityError) -> bool:
    """Whether a row was refused because an equal one is there: somebody was a moment faster."""
    orig = error.orig
    name = getattr(orig, "sqlite_errorname", "")
    return name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY") or (
        getattr(orig, "sqlstate", "") == "23505"
    )


class Database:
    """Sessions over one engine. `read()` never writes; `write()` commits at its end or not at all.

    `ring` is called after a commit with the names of queues for which the transaction planned work.
    """

    def __init__(self, url: str, ring: Callable[[Iterable[str]], object] | None = None) -> None:
        self.engine = make_engine(url)
        self._ring = ring
        self._writer = _writer(self.engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only looks; leaving it rolls back. NotSaved where the database does not answer."""
        try:
            with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
                yield session
        except OperationalError as error:
            raise NotSaved("This could not be looked up just now. Please try again.") from error

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits on a clean exit. NotSaved where the database could not take it."""
        try:
            with Session(self._writer, expire_on_commit=False) as session:
                with session.begin():
                    yield session
                queues = session.info.pop("rings", None)
        except OperationalError as error:
            raise NotSaved("This could not be saved just now. Please try again.") from error
        # Only after the commit: a worker that is quick must find the row.
        if queues and self._ring:
            self._ring(sorted(queues))

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite."""
        return self.engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
