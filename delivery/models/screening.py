"""Public screening: a member's page, and runs through it that know nobody."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import Base, Row, TenantRow, tenant


class ScreeningPage(TenantRow, Base):
    """What a member offers to people who are not clients."""

    __tablename__ = "screening_page"
    __table_args__ = tenant()

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), unique=True)
    #: Its name in the address: "dr-rivera".
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    open: Mapped[bool] = mapped_column(default=False)
    #: Keys of the measures on offer, in order.
    instruments: Mapped[list[Any]] = mapped_column(default=list)
    #: Websites that may show it in a frame: ["https://example.org"].
    origins: Mapped[list[Any]] = mapped_column(default=list)
    #: A screening may be sent to the member.
    takes_contact: Mapped[bool] = mapped_column(default=True)


class ScreeningRun(Row, Base):
    """One walk through a page: how many steps it has taken, so that an old page cannot be brought back.

    No answer, no address, no browser. Deleted an hour after its last step.
    """

    __tablename__ = "screening_run"

    page_id: Mapped[UUID] = mapped_column(ForeignKey("screening_page.id"), index=True)
    step: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]


class ScreeningCount(TenantRow, Base):
    """How many visitors began, came to the end, and sent their answers in one month."""

    __tablename__ = "screening_count"
    __table_args__ = (
        *tenant(),
        UniqueConstraint("page_id", "month"),
        ForeignKeyConstraint(["practice_id", "page_id"], ["screening_page.practice_id", "screening_page.id"]),
    )

    page_id: Mapped[UUID] = mapped_column(index=True)
    #: "2026-11", of the practice's zone.
    month: Mapped[str] = mapped_column(String(7))
    started: Mapped[int] = mapped_column(default=0)
    finished: Mapped[int] = mapped_column(default=0)
    contacted: Mapped[int] = mapped_column(default=0)
