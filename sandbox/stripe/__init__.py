"""
A small Stripe: its API as far as Daybook and people need it, checkout and onboarding pages, signed events.

    from sandbox.stripe import start
    sandbox = start(port=0, seed="demo")
    sandbox.url, sandbox.control, sandbox.exchanges, sandbox.stop()
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.log import Exchange
from sandbox.running import How, Running, run
from sandbox.stripe.app import Application
from sandbox.stripe.control import Control
from sandbox.stripe.world import World

__all__ = ["KEY", "SECRET", "Control", "Exchange", "Sandbox", "start"]

#: The platform's key, and what events are signed with, unless told otherwise.
KEY = "sk_test_daybook"
SECRET = "whsec_daybook"


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
    key: str = KEY,
    webhook_url: str = "",
    webhook_secret: str = SECRET,
    record: bool = True,
) -> Sandbox:
    """
    Start it in background threads of this process. Events go to `webhook_url`, to nobody while it is empty; all else
    is as `running.run` says.
    """
    world = World(key)
    control = Control(world)
    how = How(port, seed, host, state, record)
    sandbox = run(Sandbox, how, world, control, Application(world, control), ends=(world.webhooks.stop,))
    if webhook_url:
        control.set_endpoint(webhook_url, webhook_secret)
    return sandbox
