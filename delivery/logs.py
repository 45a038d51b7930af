"""Logs: one JSON line each, and nothing of a person in them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

#: Tokens of links and forms, addresses and phone numbers, wherever they might slip in.
SECRETS: Final = re.compile(
    r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22}"
    r"|lq_[A-Za-z0-9_-]{20,}"
    r"|/f/[A-Za-z0-9_-]{8,}"
    r"|[^\s@<>\"]+@[^\s@<>\"]+\.\w+"
    r"|\+?\d[\d ().-]{8,}\d"
)


def scrub(text: str) -> str:
    """`text` with everything that looks like a token or a contact replaced."""
    return SECRETS.sub("[removed]", text)


def _scrub_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and key != "timestamp":
            event[key] = scrub(value)
    return event


class _Scrubbed(logging.Filter):
    """For libraries that log through the standard module."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        record.exc_info, record.exc_text = None, None
        return True


class _Json(logging.Formatter):
    """One JSON line for each record."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"level": record.levelname.lower(), "logger": record.name, "event": record.getMessage()}
        return json.dumps(line)


def install(level: int = logging.INFO) -> None:
    """Send every log line of this process to standard error, scrubbed."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _scrub_event,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_Scrubbed())
    handler.setFormatter(_Json())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
