"""Real CalDAV servers: Radicale and Xandikos, started as programs in folders of their own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_STARTING_SECONDS = 60.0


@dataclass
class CaldavServer:
    """A running server. `users` is its password file where it has one; Xandikos lets everybody in who reaches it."""

    kind: str
    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    users: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, username: str, password: str) -> None:
        with self._lock:
            self.users[username] = password
            self._write()

    def expel(self, username: str) -> None:
        with self._lock:
            del self.users[username]
            self._write()

    def _write(self) -> None:
        text = "".join(f"{name}:{password}\n" for name, password in self.users.items())
        new = self.folder / "users.new"
        new.write_text(text)
        new.replace(self.folder / "users")

    def stop(self) -> None:
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def radicale() -> Iterator[CaldavServer]:
    """Radicale with a password file, where everybody owns what lies below their name and may read `/shared/`."""
    folder = _folder("radicale")
    (folder / "users").write_text("")
    (folder / "rights").write_text(
        "[root]\nuser: .+\ncollection:\npermissions: R\n\n"
        "[principal]\nuser: .+\ncollection: {user}\npermissions: RW\n\n"
        # Whatever is called "closed" can be read only.
        "[closed]\nuser: .+\ncollection: {user}/closed\npermissions: r\n\n"
        "[calendars]\nuser: .+\ncollection: {user}/[^/]+\npermissions: rw\n"
    )
    settings = {
        "server": {"hosts": f"127.0.0.1:{(port := free_port())}"},
        "auth": {
            "type": "htpasswd",
            "htpasswd_filename": str(folder / "users"),
            "htpasswd_encryption": "plain",
            "delay": "0",
        },
        "rights": {"type": "from_file", "file": str(folder / "rights")},
        "storage": {"filesystem_folder": str(folder / "collections")},
        "logging": {"level": "error"},
    }
    text = "".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())
        for section, values in settings.items()
    )
    (folder / "config").write_text(text)
    command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
    with _running("radicale", command, port, folder) as server:
        yield server


@contextlib.contextmanager
def xandikos() -> Iterator[CaldavServer]:
    """Xandikos for one user, whose calendars lie in `/user/calendars/`. It asks nobody for a password."""
    folder = _folder("xandikos")
    port = free_port()
    command = [sys.executable, "-m", "xandikos", "serve", "--directory", str(folder / "data"), "--defaults"]
    command += ["--current-user-principal", "/user/", "--state-dir", str(folder / "state")]
    command += ["--no-detect-systemd", "--listen-address", "127.0.0.1", "--port", str(port)]
    with _running("xandikos", command, port, folder) as server:
        yield server


def _folder(name: str) -> Path:
    """In memory where there is such a place: both write every entry through to the disk."""
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=memory if memory.is_dir() else None))


@contextlib.contextmanager
def _running(kind: str, command: list[str], port: int, folder: Path) -> Iterator[CaldavServer]:
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
    server = CaldavServer(kind, f"http://127.0.0.1:{port}", folder, process)
    try:
        until = time.monotonic() + _STARTING_SECONDS
        while not _answers(server.url):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{kind} did not start: {(folder / 'output').read_text()[-2000:]}")
            time.sleep(0.05)
        yield server
    finally:
        server.stop()


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
