"""The record of what carriers really took, and when: the ground truth that tests compare the ledger with.

One JSON line for each accepted message: `{attempt, to, at, link, provider, id, kind}`, for SMS also
`segments`; `at` in Unix seconds, `link` the first one in the text.
"""

from __future__ import annotations

import json
import re
import threading
import time
from pathlib import Path
from typing import Any

Json = dict[str, Any]


class Truth:
    """Safe to write from many threads. `accepted`: every entry, with what else was seen of the message."""

    def __init__(self, log: Path) -> None:
        self.accepted: list[Json] = []
        self._log = log
        self._lock = threading.Lock()

    def accept(
        self,
        provider: str,
        reference: str,
        *,
        kind: str,
        attempt: str,
        to: str,
        text: str,
        segments: int | None = None,
        **seen: Any,
    ) -> Json:
        """Write one accepted message down; `reference` is the provider's id for it. Returns its entry."""
        link = re.search(r"https?://[^\s<>\"]+", text)
        line: Json = {
            "attempt": attempt,
            "to": to,
            "at": 0.0,
            "link": link.group() if link else None,
            "provider": provider,
            "id": reference,
            "kind": kind,
            **({} if segments is None else {"segments": segments}),
        }
        with self._lock:
            line["at"] = time.time()
            entry = {**line, **seen}
            self.accepted.append(entry)
            with self._log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        return entry
