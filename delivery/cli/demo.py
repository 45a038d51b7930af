"""`./lightq demo`: the whole service with an invented practice; nothing leaves this machine."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from delivery import keys
from delivery import settings as configuration
from delivery.cli import database, example, faults, machine, once
from delivery.cli.supervisor import Supervisor, only_one
from delivery.errors import LightQError
from delivery.service import start
from delivery.settings import ROOT, Settings


def free_port(wanted: int) -> int:
    """`wanted` if it is free on loopback, else the next free one of the following twenty."""
    for port in range(wanted, wanted + 20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise LightQError(f"No free port from {wanted} to {wanted + 19}: choose another one with --port.")


def data_directory(*, apart: bool = False) -> Path:
    """Where the demo keeps its data; `apart`: beside that. LightQError where a real installation lives."""
    path = Path(os.environ.get("LIGHTQ_DATA_DIR") or ROOT / "var").resolve()
    path = path.with_name(f"{path.name}-faults") if apart else path
    if (path / "setup.json").exists():
        raise LightQError(
            f"{path} holds a real installation. Give the demo a folder of its own with LIGHTQ_DATA_DIR."
        )
    return path


def prepare(port: int, data_dir: Path, **more: Any) -> Settings:
    """Keys, settings and a filled database in the data directory; what is there already is kept."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = data_dir.parent / f"{data_dir.name}-keys" / "demo.keys"
    if not kept.exists():
        kek = kept.with_name("kek")
        if not kek.exists():
            keys.write_kek(kek, secrets.token_bytes(32))
        kept.write_text(secrets.token_urlsafe(48), encoding="ascii")
        kept.chmod(0o600)
    settings = configuration.load(
        data_dir=data_dir,
        base_url=f"http://127.0.0.1:{port}",
        client_url=f"http://localhost:{port}",
        secret_keys=kept.read_text(encoding="ascii").strip(),
        kek_file=kept.with_name("kek"),
        **more,
    )
    database.upgrade(settings)
    if not (data_dir / "demo.json").exists():
        service = start(settings)
        example.seed(service)
        service.db.close()
    return settings


def greeting(settings: Settings, seconds: float) -> str:
    """What a newcomer needs to see."""
    shown = json.loads((settings.data_dir / "demo.json").read_text(encoding="utf-8"))
    lines = [
        "",
        f"LightQ runs (ready after {seconds:.1f} s). Everybody in it is invented.",
        "",
        f"  Console      {settings.base_url}/console",
        *(f"    sign in    {p['email']}   {p['password']}   ({p['name']})" for p in shown["sign_ins"]),
        *_post(settings),
        f"  Clients      {settings.client_url}/portal   (their own page)",
        f"               {settings.client_url}/kiosk   (a tablet; codes at /console/tablets)",
        f"               {settings.client_url}/screen/{example.SCREENING}   (anybody)",
        f"  API          {settings.base_url}/api/v1/openapi.json",
        f"    token      {shown['token']}",
        "",
        "Stop with Ctrl-C. The data stays in " + str(settings.data_dir),
        "",
    ]
    return "\n".join(lines)


def _post(settings: Settings) -> list[str]:
    if settings.email != "outbox":
        return ["  Messages     go to a local carrier with faults"]
    return [f"  Local post   {settings.base_url}/outbox   (what would be sent; open the links there)"]


@click.command()
@click.option("--port", default=8080, show_default=True, help="Port on 127.0.0.1 and localhost.")
@click.option("--once", "run_once", is_flag=True, help="Walk from ask to PDF for several clients, then stop.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the PDFs of --once."
)
@click.option("--wait", default=90, show_default=True, help="Seconds that --once waits for its reports.")
@click.option("--without", multiple=True, help="Leave a process out, to see what then happens.")
@click.option(
    "--faults", "with_faults", is_flag=True, help="Send through a carrier with faults, kill workers."
)
def demo(
    port: int, run_once: bool, out: Path | None, wait: int, without: tuple[str, ...], with_faults: bool
) -> None:
    """Run everything with an invented practice. With --once: do the whole chain, write the PDFs, stop."""
    began = time.monotonic()
    data_dir = data_directory(apart=with_faults)
    with only_one(data_dir), ExitStack() as stack:
        free = free_port(port)
        carrier = None
        if with_faults:
            carrier = faults.Carrier(data_dir, f"http://127.0.0.1:{free}")
            stack.callback(carrier.stop)
        settings = prepare(free, data_dir, **(carrier.settings if carrier else {}))
        processes, _ = machine.processes(settings, free)
        unknown = set(without) - {process.name for process in processes}
        if unknown:
            raise click.BadParameter(f"there is no process {', '.join(sorted(unknown))}")
        kept = [process for process in processes if process.name not in without]
        supervisor = Supervisor(kept, data_dir / "logs")
        result: list[int] = []

        def accompany() -> None:
            ready = settings.base_url + ("/livez" if without else "/readyz")
            while not machine.answers(ready):
                if time.monotonic() - began > 120:
                    click.echo("Not everything started; the logs are in " + str(data_dir / "logs"), err=True)
                    result.append(1)
                    supervisor.ask_to_stop()
                    return
                time.sleep(0.1)
            click.echo(greeting(settings, time.monotonic() - began))
            if carrier is not None:
                faults.watch(settings, carrier)
            if run_once:
                result.append(once.run(settings, out or Path("out"), wait))
                supervisor.ask_to_stop()

        threading.Thread(target=accompany, daemon=True).start()
        code = supervisor.run()
    sys.exit(result[0] if result else code)
