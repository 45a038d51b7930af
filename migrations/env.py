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
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=engine.dialect.name == "sqlite",
            render_item=_render,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()


url = context.config.attributes.get("url") or settings.load().database
engine = make_engine(url)
_run(engine)
engine.dispose()
