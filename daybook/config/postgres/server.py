"""Start, find and stop a PostgreSQL server of our own."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from daybook.config import children
from daybook.config.postgres import binaries, leftovers
from daybook.config.postgres.place import (
    CannotStart,
    Lock,
    Owner,
    lasting,
    owner,
    scratch,
    socket_folder,
)

ROLE = "daybook"
LOG_BYTES = 5_000_000

#: No network: the socket's folder is the door. The rest suits a two-core laptop and short transactions.
COMMON = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_parallel_workers_per_gather": "0",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
}
#: Since version 18; worker processes of its own gain nothing here.
SINCE_18 = {"io_method": "sync"}
#: Nothing here has to survive a power cut: twice as fast.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
}


@dataclass(slots=True)
class Server:
    """A running server. Stop it, or end the process that started it: it follows."""

    place: Path
    socket: Path
    password: str
    process: children.Child
    lock: Lock
    throwaway: bool
    owner: Owner
    stopped: bool = field(default=False)

    def url(self, database: str = ROLE) -> str:
        return _url(self.socket, self.password, database)

    def stop(self) -> None:
        """Stop the server; a throwaway one disappears. Idempotent."""
        if self.stopped:
            return
        self.stopped = True
        children.stop(self.process, signal.SIGQUIT if self.throwaway else signal.SIGINT, patience=10)
        (self.place / "url").unlink(missing_ok=True)
        if self.throwaway:
            shutil.rmtree(self.place, ignore_errors=True)
        self.lock.release()


def _url(socket: Path, password: str, database: str) -> str:
    return f"postgres://{ROLE}:{password}@{quote(str(socket), safe='')}:5432/{database}"


def _clean_env() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _write_private(path: Path, text: str, who: Owner) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)
    who.give(path)


def _initialise(place: Path, programs: Path, who: Owner, *, sync: bool) -> None:
    """Make the data folder in one step: a killed attempt leaves only a folder that is thrown away."""
    fresh = place / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    if not (place / "password").exists():
        _write_private(place / "password", secrets.token_hex(24), who)
    command = [
        str(programs / "initdb"),
        *("-D", str(fresh), "-U", ROLE, "--auth=scram-sha-256", f"--pwfile={place / 'password'}"),
        *("-E", "UTF8", "--locale=C.UTF-8", "--no-instructions", *([] if sync else ["--no-sync"])),
    ]
    done = subprocess.run(
        command, cwd=place, env=_clean_env(), capture_output=True, umask=0o077, **who.popen()
    )
    if done.returncode:
        raise CannotStart(f"initdb failed: {done.stderr.decode(errors='replace').strip()[-2000:]}")
    fresh.rename(place / "data")


def _create_database(server: Server, name: str) -> None:
    import psycopg  # only the very first start needs it

    connection = psycopg.connect(
        host=str(server.socket), user=ROLE, password=server.password, dbname="postgres", autocommit=True
    )
    with connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"')


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-2000:].strip() if path.exists() else ""


def _serve(place: Path, lock: Lock, who: Owner, *, throw: bool) -> Server:
    data = place / "data"
    leftovers.clear(data)
    programs = binaries.find(binaries.major_of(data), who, place)
    fresh = not data.exists()
    if fresh:
        _initialise(place, programs, who, sync=not throw)
    socket = socket_folder(place, who)
    for old in socket.glob(".s.PGSQL.*"):
        old.unlink()  # its lock names a process too, and only we use this folder
    options = COMMON | (SINCE_18 if int(binaries.major_of(data)) >= 18 else {}) | (THROWAWAY if throw else {})
    options["unix_socket_directories"] = str(socket)
    options["unix_socket_permissions"] = "0700"
    log = place / "log"
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(place / "log.old")
    with log.open("ab") as output:
        process = children.spawn(
            [str(programs / "postgres"), "-D", str(data), *(f"--{k}={v}" for k, v in options.items())],
            on_parent_death=signal.SIGQUIT if throw else signal.SIGINT,
            cwd=place,
            env=_clean_env(),
            umask=0o077,
            stdout=output,
            stderr=output,
            **who.popen(),
        )
    server = Server(place, socket, (place / "password").read_text(), process, lock, throw, who)
    if not leftovers.wait_ready(data, process, 60):
        children.stop(process, signal.SIGINT)
        raise CannotStart(f"PostgreSQL did not start. The end of {log}:\n{_tail(log)}")
    if not throw:
        if fresh or not (place / "database-made").exists():
            _create_database(server, ROLE)
            (place / "database-made").touch()
        _write_private(place / "url", server.url(), who)
    return server


def start(home: Path) -> Server:
    """
    Start the lasting server of `home`, after stopping whatever a killed run left of it.

    Raises CannotStart: among other reasons because another process runs it; then `running_url(home)` names it.
    """
    who = owner()
    place = lasting(home.resolve(), who)
    lock = Lock(place)
    if not lock.take():
        raise CannotStart(f"The database in {home} is already being run by another process.")
    try:
        return _serve(place, lock, who, throw=False)
    except BaseException:
        lock.release()
        raise


def running_url(home: Path) -> str | None:
    """Return the address of the server of `home` that another process runs, if one does."""
    place = lasting(home.resolve(), owner())
    lock = Lock(place)
    if lock.take():
        lock.release()
        return None
    try:
        return (place / "url").read_text()
    except FileNotFoundError:
        return None


class Reservation:
    """The address of a throwaway server, known before it is started: settings are read long before a test needs it."""

    def __init__(self) -> None:
        self._owner = owner()
        self.place, self._lock = scratch(self._owner)
        self._password = secrets.token_hex(24)

    def url(self, database: str = ROLE) -> str:
        return _url(socket_folder(self.place, self._owner), self._password, database)

    def start(self) -> Server:
        """Start the server. It forgets everything when it is stopped, or when this process ends."""
        _write_private(self.place / "password", self._password, self._owner)
        try:
            return _serve(self.place, self._lock, self._owner, throw=True)
        except BaseException:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Give the folder up when the server was never started."""
        shutil.rmtree(self.place, ignore_errors=True)
        self._lock.release()


def throwaway() -> Server:
    """Start a server that forgets everything when it, or this process, ends."""
    return Reservation().start()
