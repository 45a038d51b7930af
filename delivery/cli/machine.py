"""All processes of an installation on one machine, in the order in which they start."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from delivery.cli.broker import broker_process
from delivery.cli.processes import Process
from delivery.settings import ROOT, Settings

WORKERS = ("send", "bulk", "score", "report")


def environment(settings: Settings, redis_url: str) -> dict[str, str]:
    """The settings as variables for the processes, so that all of them see the same ones."""
    values = {
        f"LIGHTQ_{name.upper()}": str(value)
        for name, value in settings.model_dump().items()
        if value is not None and value != ""
    }
    return {**values, "LIGHTQ_REDIS_URL": redis_url, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def answers(url: str, **headers: str) -> bool:
    """True where an HTTP GET gets a 200."""
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own http(s) address
        with urllib.request.urlopen(request, timeout=2) as reply:  # noqa: S310
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def web_process(settings: Settings, env: dict[str, str], port: int, host: str = "127.0.0.1") -> Process:
    """One process with 16 threads, so that slow phones block nobody."""
    argv = [sys.executable, "-P", "-m", "granian", "--interface", "wsgi", "--no-access-log"]
    argv += ["--host", host, "--port", str(port), "--workers", "1", "--blocking-threads", "16"]
    # A worker that is told to stop while it starts swallows the signal; without this it stays for good.
    argv += ["--workers-kill-timeout", "5"]
    argv += ["--log-level", "warning", "wsgi:app"]
    ready = f"http://{host}:{port}/livez"  # asked directly: a proxy in front may not be there yet
    return Process(name="web", argv=argv, env=env, ready=lambda: answers(ready, Host=settings.base_host))


def processes(settings: Settings, port: int) -> tuple[list[Process], dict[str, str]]:
    """Broker (unless an outside one is set), workers, scheduler and web; and the variables they run with."""
    started: list[Process] = []
    redis_url = settings.redis_url
    if not redis_url:
        broker, redis_url = broker_process(settings.data_dir)
        started.append(broker)
    env = environment(settings, redis_url)
    started.append(web_process(settings, env, port))
    for kind in WORKERS:
        argv = [sys.executable, "-P", "-m", "workers", kind]
        started.append(Process(name=f"worker-{kind}", argv=argv, env=env))
    argv = [sys.executable, "-P", "-m", "workers", "scheduler"]
    started.append(Process(name="scheduler", argv=argv, env=env))
    return started, env
