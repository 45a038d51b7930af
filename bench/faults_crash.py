"""`python -m bench.faults_crash send|web PORT`: a worker or web that dies at every line of its path in turn.

A child does the real work and is watched line by line. Each line of ours that it reaches with work in hand is
a point; at each point it has not yet died three times it dies, without any clean-up, and the next child goes
on. So no list of points can be incomplete: what was run was crashed. How often each point was hit stands in
the file that `LIGHTQ_FAULTS_POINTS` names.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from bench import faults_clock  # noqa: F401 - before anything of the service
from bench.faults_worker import short_waits
from delivery.settings import ROOT

POINTS = "LIGHTQ_FAULTS_POINTS"
TIMES = 3
CRASHED = 137
#: Files whose lines are points. What stands beneath them (states, crypto, audit) runs inside their steps.
SEND_PATH = [
    "workers/drain.py",
    "workers/send.py",
    "workers/noted.py",
    "workers/receipts.py",
    "delivery/dispatch.py",
    "delivery/outcomes.py",
    "delivery/settling.py",
    "delivery/jobs.py",
    "delivery/db.py",
    "delivery/clearance.py",
    "delivery/caps.py",
    "delivery/fallback.py",
    "delivery/events.py",
    "delivery/breaker.py",
    "delivery/messages.py",
    "delivery/reachability.py",
    "delivery/inbox.py",
    "delivery/opt_outs.py",
    "channels/sms_twilio.py",
    "channels/twilio_client.py",
    "channels/email_sendgrid.py",
    "channels/sendgrid_client.py",
    "channels/email_smtp.py",
]
SUBMIT_PATH = [
    "delivery/web/answer.py",
    "delivery/web/answer_link.py",
    "delivery/web/answer_sitting.py",
    "delivery/web/answer_form.py",
    "delivery/web/hooks.py",
    "delivery/forms.py",
    "delivery/submissions.py",
    "delivery/sittings.py",
    "delivery/alerts.py",
    "delivery/jobs.py",
    "delivery/links.py",
    "delivery/db.py",
    "delivery/inbox.py",
    "delivery/replies.py",
]
#: A line of these counts anew for each line that calls it: every commit is a step of its own.
BY_CALLER = {str(ROOT / "delivery/db.py")}

Work = Callable[["Crash"], None]


class Crash:
    """Ends the process at the first point of the way that has not had its share."""

    def __init__(self, files: list[str], hits: Counter[str], out: int) -> None:
        self._files = {str(ROOT / one): one for one in files}
        self._hits, self._out = hits, out

    def watch(self) -> None:
        """From now on, in this thread."""
        sys.settrace(self._call)

    def rest(self) -> None:
        sys.settrace(None)

    def _call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        return self._line if frame.f_code.co_filename in self._files else None

    def _line(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "line" and self._hits[point := self._point(frame)] < TIMES:
            os.write(self._out, f"{point}\n".encode())
            os._exit(CRASHED)
        return self._line

    def _point(self, frame: FrameType) -> str:
        name = frame.f_code.co_filename
        here = f"{self._files[name]}:{frame.f_lineno}"
        caller = frame.f_back
        if name in BY_CALLER:
            while caller is not None and (
                caller.f_code.co_filename in BY_CALLER or caller.f_code.co_filename not in self._files
            ):
                caller = caller.f_back
            if caller is not None:
                here += f" from {self._files[caller.f_code.co_filename]}:{caller.f_lineno}"
        return here


def keep_dying(work: Work, files: list[str]) -> None:
    """Child after child, until told to stop; a child that ends otherwise is started again too."""
    hits, told = Counter[str](), Path(os.environ[POINTS])
    stop = threading.Event()
    child = 0

    def end(*_: object) -> None:
        stop.set()
        if child:
            os.kill(child, signal.SIGKILL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    while not stop.is_set():
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            try:
                work(Crash(files, hits, writing))
            finally:
                os._exit(1)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            point = pipe.readline().strip()
        os.waitpid(child, 0)
        child = 0
        if point:
            hits[point] += 1
            told.write_text(json.dumps(hits), encoding="utf-8")
        else:
            time.sleep(0.05)


def send(crash: Crash) -> None:
    """Drain the queues of the send path; watched only while there is work."""
    from delivery import inbox, jobs  # noqa: PLC0415 - loaded before the fork
    from workers import drain  # noqa: PLC0415
    from workers.context import context  # noqa: PLC0415

    here = context()
    while True:
        with here.service.db.read() as session:
            ready = set(jobs.ready_queues(session)) & {"send", "bulk"}
            inbox.wake(session)
            ready |= session.info.pop("rings", set())
        crash.watch()
        for queue in sorted(ready):
            drain.drain(queue)
        crash.rest()
        if not ready:
            time.sleep(0.05)


def web(port: int) -> Work:
    """Serve on this port; what is posted is watched."""
    from werkzeug.serving import make_server  # noqa: PLC0415 - only this process needs it

    from delivery.app import create_app  # noqa: PLC0415

    app = create_app()
    for name in app.jinja_env.list_templates(filter_func=lambda one: one.startswith("answer/")):
        app.jinja_env.get_template(name)  # so that no child pays for it
    listening = make_server("127.0.0.1", port, app, threaded=True).socket

    def serve(crash: Crash) -> None:
        def watched(environ: dict[str, Any], start: Any) -> Any:
            if environ["REQUEST_METHOD"] != "POST":
                return app(environ, start)
            crash.watch()
            try:
                return app(environ, start)
            finally:
                crash.rest()

        make_server("127.0.0.1", port, watched, threaded=True, fd=listening.fileno()).serve_forever()

    return serve


def main(arguments: list[str]) -> int:
    """Start the one that is named."""
    short_waits()
    if arguments[0] == "web":
        keep_dying(web(int(arguments[1])), SUBMIT_PATH)
        return 0
    # So that no child pays for the imports.
    import sendgrid  # noqa: F401, PLC0415
    import twilio.rest  # noqa: F401, PLC0415
    from sqlalchemy.orm import configure_mappers  # noqa: PLC0415

    from workers import drain  # noqa: F401, PLC0415

    configure_mappers()
    keep_dying(send, SEND_PATH)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
