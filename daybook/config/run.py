"""`daybook run`: everything a laptop needs, in one terminal."""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import sys
import time
from pathlib import Path

from daybook.config import home, postgres
from daybook.config.supervisor import Program, Supervisor, tail

START_SECONDS = 120.0


class Stop(Exception):
    """The run cannot go on, or was told to end; the text is for the terminal."""


def run(*, demo: bool, port: int | None = None) -> int:
    """Start everything, say where it is, and keep it running until Ctrl-C. Returns the exit code."""
    place = home.folder()
    lock = os.open(place / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"Daybook is already running from {place}: {home.last_run(place).get('url', 'starting')}")
        return 1
    supervisor = Supervisor()
    supervisor.listen()
    laptop = Laptop(place, supervisor, demo=demo, port=port)
    try:
        laptop.start()
        supervisor.watch()
        print("\nStopping…", flush=True)
        return 0
    except (Stop, postgres.CannotStart) as problem:
        if not supervisor.wanted:
            print(f"\n{problem}", file=sys.stderr)
        return 0 if supervisor.wanted else 1
    finally:
        supervisor.stop()
        laptop.stop_database()


class Laptop:
    """The parts of one run and how they hang together."""

    def __init__(self, place: Path, supervisor: Supervisor, *, demo: bool, port: int | None) -> None:
        self.place, self.supervisor = place, supervisor
        self.demo = demo and (home.ROOT / "sandbox").is_dir()
        self.port = port
        self.logs = place / "logs"
        self.logs.mkdir(mode=0o700, exist_ok=True)
        self.server: postgres.Server | None = None

    def start(self) -> None:
        began = time.monotonic()
        before = home.last_run(self.place)
        known = before.get("ports")
        first = {**home.PORTS, **({"web": self.port} if self.port else {})}
        self.ports = home.choose_ports(known if isinstance(known, dict) else {}, first)
        self.holder = home.hold(self.ports["web"])
        self.url = f"http://127.0.0.1:{self.ports['web']}"
        self._environment()
        self._start_database()
        home.write_run(
            self.place, {"pid": os.getpid(), "url": self.url, "demo": self.demo, "ports": self.ports}
        )
        extra = ["--demo"] if self.demo else []
        web = self._daybook("web", "web", "--port", str(self.ports["web"]), "--migrate", *extra)
        self.supervisor.start(web)
        self._wait_for_page(web)
        # Not before: all of these would only slow the first page.
        if self.demo:
            self._start_sandboxes()
        self.supervisor.start(self._daybook("worker", "worker"))
        self._say(time.monotonic() - began)

    def _environment(self) -> None:
        """Fill in what the operator did not give. Ours is a private machine: text logs, local addresses."""
        os.environ["DAYBOOK_CHILD"] = "1"
        home.adopt(home.secrets_of(self.place, make=True))
        home.adopt({"PUBLIC_URL": self.url, "LOG_FORMAT": "text"})
        os.environ["ALLOWED_HOSTS"] = os.environ.get("ALLOWED_HOSTS") or "127.0.0.1,localhost"
        if self.demo:
            home.adopt(home.demo_environment(self.ports))

    def _program(self, name: str, module: str, *arguments: str) -> Program:
        return Program(
            name, [sys.executable, "-m", module, *arguments], dict(os.environ), self.logs / f"{name}.log"
        )

    def _daybook(self, name: str, *arguments: str) -> Program:
        return self._program(name, "daybook.config.cli", *arguments)

    def _start_sandboxes(self) -> None:
        state, ports = self.place / "sandbox", self.ports
        state.mkdir(mode=0o700, exist_ok=True)
        # By name only: the product never imports its stand-ins.
        parts = {
            **{name: ["--port", str(ports[name]), "--seed", "demo"] for name in home.STAND_INS},
            "mail": ["--smtp-port", str(ports["smtp"]), "--http-port", str(ports["mail"])],
        }
        for name, arguments in parts.items():
            if (home.ROOT / "sandbox" / name / "__main__.py").exists():
                keep = ["--state", str(state / f"{name}.json")]
                program = self._program(name, f"sandbox.{name}", *arguments, *keep)
                program.patience = 3.0
                self.supervisor.start(program)

    def _start_database(self) -> None:
        if os.environ.get("DATABASE_URL"):
            return
        self.server = postgres.start(self.place)
        os.environ["DATABASE_URL"] = self.server.url()
        self.supervisor.also.append(self._watch_database)

    def _watch_database(self) -> None:
        """Start the database again if it ended; the worker ends with it and is started again by its own watch."""
        if self.server is not None and self.server.process.poll() is not None:
            self.server.stop()
            try:
                self.server = postgres.start(self.place)
            except postgres.CannotStart as problem:
                print(problem, file=sys.stderr)
                time.sleep(2)

    def stop_database(self) -> None:
        if self.server is not None:
            self.server.stop()

    def _wait_for_page(self, web: Program) -> None:
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.supervisor.wanted:
                raise Stop("Stopped.")
            ended = web.child is not None and web.child.poll() is not None
            if ended or time.monotonic() > until:
                raise Stop(f"No page at {self.url}. The end of {web.log}:\n{tail(web.log, 30)}")
            time.sleep(0.03)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["web"], timeout=20)
        try:
            connection.request("GET", "/", headers={"User-Agent": "daybook-run"})
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _say(self, seconds: float) -> None:
        url = os.environ["PUBLIC_URL"] if os.environ["PUBLIC_URL"].startswith("https") else self.url
        lines = [f"Daybook runs at {self.url}" + (f" (public: {url})" if url != self.url else "")]
        if self.demo:
            shown = {name: f"{name.title()}'s stand-in" for name in home.STAND_INS}
            lines += [f"  {words:<22} http://127.0.0.1:{self.ports[name]}" for name, words in shown.items()]
            lines += [f"  mail it sent           http://127.0.0.1:{self.ports['mail']}"]
            lines += [f"  sign in                {line}" for line in self._sign_ins()]
        lines += [f"  data and logs          {self.place}", f"Started in {seconds:.1f} s. Ctrl-C stops it."]
        print("\n".join(lines), flush=True)

    def _sign_ins(self) -> list[str]:
        try:
            entries = json.loads((self.place / "demo.json").read_text())["sign_ins"]
        except (FileNotFoundError, ValueError, KeyError):
            return []
        return ["  ".join(str(part) for part in entry) for entry in entries]
