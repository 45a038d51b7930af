"""From "Send my answers" to a PDF that can be opened: real HTTP, broker, workers, one form at a time.

`python -m bench.submit_to_pdf [--forms 40]` on an idle machine writes bench/results/submit_to_pdf.json.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from bench.stamp import stamp
from delivery.cli import machine, once
from delivery.cli.browser import Browser, Form, Page
from delivery.cli.demo import free_port, prepare
from delivery.cli.supervisor import Supervisor
from delivery.models.results import Report, Submission
from delivery.service import Service, start
from delivery.states import WorkState

RESULT = Path(__file__).parent / "results" / "submit_to_pdf.json"


class Timed(Browser):
    """Notes when "send" is pressed."""

    sent_at = 0.0

    def press(self, page: Page, form: Form, button: tuple[str, str] | None = None, **values: str) -> Page:
        if button is not None and button[1] == "send":
            self.sent_at = time.monotonic()
        return super().press(page, form, button, **values)


def measure(service: Service, api: Browser, number: int, instrument: str) -> float:
    """Seconds from the press to the stored PDF of one form."""
    settings = service.settings
    address = f"bench-{time.time_ns()}@example.net"
    wanted = once._client(number, address, "email")
    client = api.post_json("/api/v1/clients", wanted, **{"Idempotency-Key": address})
    ask = {
        "client_id": client.json()["id"],
        "instruments": [instrument],
        "occasion": "progress",
        "channel": "email",
    }
    asked = api.post_json("/api/v1/assignments", ask, **{"Idempotency-Key": f"{address}-a"}).json()
    letter = once._until(lambda: once._letter(settings, address), time.monotonic() + 30, "the message")
    phone = Timed(settings.client_url)
    once.fill_in(phone, phone.open(letter["link"]), random.Random(number))
    while time.monotonic() - phone.sent_at < 30:
        with service.db.read() as session:
            ready = session.scalars(
                select(Report.id)
                .join(Submission, Submission.id == Report.submission_id)
                .where(Submission.assignment_id == UUID(asked["id"]), Report.state == WorkState.READY)
            ).first()
        if ready:
            return time.monotonic() - phone.sent_at
        time.sleep(0.005)
    raise SystemExit("a report did not come within 30 s")


def run(forms: int) -> dict[str, Any]:
    """Start everything, walk `forms` forms, stop."""
    with tempfile.TemporaryDirectory(prefix="lightq-bench-") as folder:
        port = free_port(8480)
        settings = prepare(port, Path(folder) / "data")
        processes, _ = machine.processes(settings, port)
        supervisor = Supervisor(processes, settings.data_dir / "logs")
        times: list[float] = []

        def walk() -> None:
            try:
                once._until(
                    lambda: machine.answers(f"{settings.base_url}/readyz"), time.monotonic() + 60, "it"
                )
                service = start(settings)
                shown = json.loads((settings.data_dir / "demo.json").read_text())
                api = Browser(settings.base_url, {"Authorization": f"Bearer {shown['token']}"})
                measure(service, api, 0, "phq9")
                times.extend(measure(service, api, n, ("phq9", "gad7", "pcl5")[n % 3]) for n in range(forms))
            finally:
                supervisor.ask_to_stop()

        thread = threading.Thread(target=walk)
        thread.start()
        supervisor.run()
        thread.join()
    ordered = sorted(times)
    return {
        "forms": len(ordered),
        "seconds_p50": round(statistics.median(ordered), 3),
        "seconds_p95": round(ordered[int(len(ordered) * 0.95) - 1], 3),
        "seconds_max": round(ordered[-1], 3),
        **stamp(),
    }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--forms", type=int, default=40)
    result = run(parser.parse_args().forms)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
