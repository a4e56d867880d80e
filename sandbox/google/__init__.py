"""
A small Google Calendar: OAuth pages, the calendar API and its notifications over real HTTP, as far as published.

    from sandbox.google import start
    sandbox = start(port=0, seed="demo")
    sandbox.url, sandbox.control, sandbox.exchanges, sandbox.stop()
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.google.app import Application
from sandbox.google.control import Control
from sandbox.google.world import App, World
from sandbox.log import Exchange
from sandbox.running import How, Running, run

__all__ = ["Control", "Exchange", "Sandbox", "start"]


@dataclass
class Sandbox(Running):
    """A running sandbox."""

    control: Control


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
    Start it in background threads of this process; `redirect_uris` empty allows any loopback address, all else is as
    `running.run` says.
    """
    world = World(App(client_id, client_secret, app_name, tuple(redirect_uris)))
    control = Control(world)
    how = How(port, seed, host, state, record)
    return run(Sandbox, how, world, control, Application(world, control), ends=(world.push.stop,))
