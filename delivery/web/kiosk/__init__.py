"""The waiting-room tablet: a shell that never changes, enrolment, and signed steps."""

from __future__ import annotations

from delivery.web.kiosk import shell, step
from delivery.web.kiosk.door import bp

__all__ = ["bp", "shell", "step"]
