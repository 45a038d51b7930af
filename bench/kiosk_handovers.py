"""200 hand-overs of one tablet between people of two practices, on demand: `python bench/kiosk_handovers.py`.

Runs the journey of the tests with that many; ends with 0 where not one word of the last person came back.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JOURNEY = "tests/journeys/test_kiosk.py"


def main() -> int:
    """The journey's exit status."""
    count = sys.argv[1] if len(sys.argv) > 1 else "200"
    command = [sys.executable, "-m", "pytest", "-q", JOURNEY, "-k", "changes_hands"]
    environment = {**os.environ, "KIOSK_HANDOVERS": count, "LIGHTQ_NO_SKIP": "1"}
    return subprocess.call(command, cwd=ROOT, env=environment)


if __name__ == "__main__":
    sys.exit(main())
