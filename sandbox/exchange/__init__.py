"""
A small Exchange Server: calendars by Exchange Web Services (SOAP) with HTTP Basic authentication, over real HTTP.

    from sandbox.exchange import start
    sandbox = start(port=0, seed="demo")
    sandbox.url, sandbox.ews_url, sandbox.control, sandbox.exchanges, sandbox.stop()
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.exchange.app import PATH, Application
from sandbox.exchange.control import Control
from sandbox.exchange.world import World
from sandbox.log import Exchange
from sandbox.running import How, Running, run

__all__ = ["Control", "Exchange", "Sandbox", "start"]


@dataclass
class Sandbox(Running):
    """A running sandbox."""

    control: Control

    @property
    def ews_url(self) -> str:
        """Where the web services are."""
        return f"{self.url}{PATH}"


def start(
    port: int = 0,
    *,
    seed: str | None = None,
    host: str = "127.0.0.1",
    state: Path | None = None,
    record: bool = True,
) -> Sandbox:
    """Start it in background threads of this process, as `running.run` says."""
    world = World()
    control = Control(world)
    how = How(port, seed, host, state, record)
    return run(Sandbox, how, world, control, Application(world, control))
