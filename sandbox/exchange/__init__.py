"""
A small Exchange Server: calendars by Exchange Web Services (SOAP) with HTTP Basic authentication, over real HTTP.

    from sandbox.exchange import start
    sandbox = start(port=0, seed="demo")
    sandbox.url, sandbox.ews_url, sandbox.control, sandbox.exchanges, sandbox.stop()
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sandbox.exchange.app import PATH, Application
from sandbox.exchange.control import Control
from sandbox.exchange.persist import Saver, load
from sandbox.exchange.world import World
from sandbox.http import Server, serve
from sandbox.log import Exchange

__all__ = ["Control", "Exchange", "Sandbox", "start"]


@dataclass
class Sandbox:
    """A running sandbox."""

    control: Control
    world: World = field(repr=False)
    _server: Server = field(repr=False)
    _saver: Saver | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return self._server.url

    @property
    def ews_url(self) -> str:
        """Where the web services are."""
        return f"{self._server.url}{PATH}"

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request received and every answer given, while recording is on (it is at first)."""
        return self.control.exchanges

    def stop(self) -> None:
        """Stop serving; with a state file, save first."""
        self._server.stop()
        if self._saver is not None:
            self._saver.stop()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start(
    port: int = 0,
    *,
    seed: str | None = None,
    host: str = "127.0.0.1",
    state: Path | None = None,
    record: bool = True,
) -> Sandbox:
    """
    Start a sandbox in background threads of this process.

    `port` 0 picks a free one; `state` is a file that keeps the world over restarts (then `seed` is only used when the file
    is not there yet); `record` False counts requests without keeping them.
    """
    world = World()
    world.log.recording = record
    control = Control(world)
    known = state is not None and load(world, state)
    if seed is not None and not known:
        control.seed(seed)
    saver = Saver(world, state) if state is not None else None
    server = serve(Application(world, control), host=host, port=port)
    world.url = server.url
    return Sandbox(control, world, server, saver)
