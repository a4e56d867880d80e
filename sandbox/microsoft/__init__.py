"""
A small Microsoft: sign-in pages and tokens of the identity platform, calendars of Graph v1.0, over real HTTP.

    from sandbox.microsoft import start
    sandbox = start(port=0, seed="demo")
    sandbox.url, sandbox.graph_url, sandbox.control, sandbox.exchanges, sandbox.stop()
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.frame import DELIBERATE
from sandbox.log import Exchange
from sandbox.microsoft.app import Application
from sandbox.microsoft.control import Control
from sandbox.microsoft.graph import PREFIX
from sandbox.microsoft.world import App, World
from sandbox.running import How, Running, run

__all__ = ["DELIBERATE", "Control", "Exchange", "Sandbox", "start"]


@dataclass
class Sandbox(Running):
    """A running sandbox; `url` is where people sign in and tokens are given."""

    control: Control

    @property
    def graph_url(self) -> str:
        """Where Graph is."""
        return f"{self.url}{PREFIX}"


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
    world = World(app=App(client_id, client_secret, app_name, tuple(redirect_uris)))
    control = Control(world)
    how = How(port, seed, host, state, record)
    return run(Sandbox, how, world, control, Application(world, control), ends=(world.deliverer.stop,))
