"""Run the Exchange sandbox: ``python -m sandbox.exchange --port 8107 --seed demo --state FILE``."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from sandbox.exchange import start
from sandbox.exchange.seed import SEEDS


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save and leave."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.exchange", description="A small stand-in for an Exchange Server's calendars."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8107, help="0 picks a free one")
    parser.add_argument("--seed", choices=sorted(SEEDS), default=None)
    parser.add_argument("--state", type=Path, default=None, help="a file that keeps the state over restarts")
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sandbox = start(options.port, seed=options.seed, host=options.host, state=options.state)
    print(f"Exchange sandbox at {sandbox.ews_url}", flush=True)
    while not stop.wait(1):
        pass
    sandbox.stop()


if __name__ == "__main__":
    main()
