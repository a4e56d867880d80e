"""A stand-in that runs: started in background threads of this process, or by a command of its own."""

from __future__ import annotations

import argparse
import signal
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from sandbox.http import Server, serve
from sandbox.keeping import Saver, load
from sandbox.log import Exchange


@dataclass
class Running:
    """A running stand-in. Each service's own names what its `control` is."""

    control: Any
    world: Any = field(repr=False)
    server: Server = field(repr=False)
    #: What goes on in its background, and ends with it.
    ends: tuple[Callable[[], None], ...] = field(default=(), repr=False)

    @property
    def url(self) -> str:
        """Address without a trailing slash, for instance ``http://127.0.0.1:8104``."""
        return self.server.url

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request received and every answer given, while recording is on (it is at first)."""
        found: list[Exchange] = self.control.exchanges
        return found

    def stop(self) -> None:
        """Stop serving; with a state file, save first."""
        self.server.stop()
        for end in self.ends:
            end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


Kind = TypeVar("Kind", bound=Running)


@dataclass(frozen=True)
class How:
    """Where and how a stand-in runs; what `start` of every service is asked."""

    port: int = 0
    seed: str | None = None
    host: str = "127.0.0.1"
    state: Path | None = None
    record: bool = True


def run(
    kind: type[Kind],
    how: How,
    world: Any,
    control: Any,
    frame: Any,
    ends: tuple[Callable[[], None], ...] = (),
) -> Kind:
    """
    Serve `frame`. `port` 0 picks a free one; `state` is a file that keeps the world over restarts (then `seed` is only
    used when the file is not there yet); `record` False counts requests without keeping them, for benchmarks.
    """
    world.log.recording = how.record
    known = how.state is not None and load(world, how.state)
    if how.seed is not None and not known:
        control.seed(how.seed)
    if how.state is not None:
        ends = (*ends, Saver(world, how.state).stop)
    server = serve(frame, host=how.host, port=how.port)
    world.url = server.url
    return kind(control, world, server, ends)


# --- as a command -----------------------------------------------------------------------------------------------------


def command(name: str, what: str, port: int, seeds: Iterable[str]) -> argparse.ArgumentParser:
    """The options every ``python -m sandbox.NAME`` has."""
    parser = argparse.ArgumentParser(
        prog=f"python -m sandbox.{name}", description=f"A small stand-in for {what}."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=port, help="0 picks a free one")
    parser.add_argument("--seed", choices=sorted(seeds), default=None)
    parser.add_argument("--state", type=Path, default=None, help="a file that keeps the state over restarts")
    return parser


def add_application(parser: argparse.ArgumentParser) -> None:
    """The options of services at whose pages people allow an application."""
    parser.add_argument("--client-id", default="daybook-demo")
    parser.add_argument("--client-secret", default="daybook-demo-secret")
    parser.add_argument("--app-name", default="Daybook", help="the application's name on the consent page")
    parser.add_argument(
        "--redirect-uri",
        action="append",
        default=[],
        dest="redirect_uris",
        help="may be given often; none: any loopback address",
    )


def serve_until_told(start: Callable[..., Running], options: argparse.Namespace, says: str) -> None:
    """Serve until SIGTERM or SIGINT, then save and leave. `says` has a place for the address."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    told = vars(options)
    if "redirect_uris" in told:
        told["redirect_uris"] = tuple(told["redirect_uris"])
    sandbox = start(**told)
    print(says.format(sandbox), flush=True)
    while not stop.wait(1):
        pass
    sandbox.stop()
