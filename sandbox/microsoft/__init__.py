"""
A small Microsoft: sign-in pages and tokens of the identity platform, calendars of Graph v1.0, over real HTTP.

    from sandbox.microsoft import start
    sandbox = start(port=0, seed="demo")
    sandbox.url, sandbox.graph_url, sandbox.control, sandbox.exchanges, sandbox.stop()
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sandbox.http import Server, serve
from sandbox.log import Exchange
from sandbox.microsoft.app import DELIBERATE, Application
from sandbox.microsoft.control import Control
from sandbox.microsoft.graph import PREFIX
from sandbox.microsoft.persist import Saver, load
from sandbox.microsoft.world import App, World

__all__ = ["DELIBERATE", "Control", "Exchange", "Sandbox", "start"]


@dataclass
class Sandbox:
    """A running sandbox."""

    control: Control
    world: World = field(repr=False)
    _server: Server = field(repr=False)
    _saver: Saver | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where people sign in and tokens are given, without a trailing slash."""
        return self._server.url

    @property
    def graph_url(self) -> str:
        """Where Graph is."""
        return f"{self._server.url}{PREFIX}"

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
        self.world.deliverer.stop()
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
    client_id: str = "daybook-demo",
    client_secret: str = "daybook-demo-secret",
    app_name: str = "Daybook",
    redirect_uris: tuple[str, ...] = (),
    record: bool = True,
) -> Sandbox:
    """
    Start a sandbox in background threads of this process.

    `port` 0 picks a free one; `state` is a file that keeps the world over restarts (then `seed` is only used when the file
    is not there yet); `redirect_uris` empty allows any loopback address; `record` False counts requests without keeping
    them, for benchmarks.
    """
    world = World(app=App(client_id, client_secret, app_name, tuple(redirect_uris)))
    world.log.recording = record
    control = Control(world)
    known = state is not None and load(world, state)
    if seed is not None and not known:
        control.seed(seed)
    saver = Saver(world, state) if state is not None else None
    server = serve(Application(world, control), host=host, port=port)
    world.url = server.url
    return Sandbox(control, world, server, saver)
