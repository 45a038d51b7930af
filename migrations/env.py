"""How migrations reach the database: the URL comes from the caller, or from the settings."""

from __future__ import annotations

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Engine

from delivery import settings
from delivery.db import UtcDateTime, make_engine
from delivery.models import Base


def _render(kind: str, thing: Any, _context: AutogenContext) -> str | bool:
    # Migrations name plain types: they must not change when our classes do.
    if kind == "type" and isinstance(thing, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _run(engine: Engine) -> None:
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            # A table that is made anew is dropped for a moment, with rows elsewhere that point at it. The
            # pragma does nothing inside a transaction, so it is set on the driver, before ours begins.
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=sqlite,
            transactional_ddl=True,
            render_item=_render,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all() if sqlite else []
            if broken:
                tables = sorted({row[0] for row in broken})
                raise RuntimeError(f"rows of {', '.join(tables)} would point at nothing: nothing was changed")


url = context.config.attributes.get("url") or settings.load().database
engine = make_engine(url)
_run(engine)
engine.dispose()
