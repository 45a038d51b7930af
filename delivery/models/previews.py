"""PDFs of instruments with example answers, for somebody who looks at a measure before using it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from delivery.models.base import Base, TenantRow, state_column, tenant
from delivery.states import WorkState


class Preview(TenantRow, Base):
    """One PDF with example answers. It holds nothing of any client and is deleted after a day."""

    __tablename__ = "preview"
    __table_args__ = tenant(also=(UniqueConstraint("practice_id", "digest"),))

    #: sha256 of what the PDF is made from: asking for the same again finds the same row.
    digest: Mapped[str] = mapped_column(String(64))
    #: The instrument as the content of its file, drafts included.
    content: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[WorkState] = state_column(WorkState, WorkState.DUE)
    error: Mapped[str | None] = mapped_column(String(80))
    pdf: Mapped[bytes | None]
