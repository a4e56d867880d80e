"""Run the Google sandbox: ``python -m sandbox.google --port 8104 --seed demo --state FILE``."""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from sandbox.google import start
from sandbox.google.seed import SEEDS


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save and leave."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.google", description="A small stand-in for Google Calendar."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8104, help="0 picks a free one")
    parser.add_argument("--seed", choices=sorted(SEEDS), default=None)
    parser.add_argument("--state", type=Path, default=None, help="a file that keeps the state over restarts")
    parser.add_argument("--client-id", default="daybook-demo")
    parser.add_argument("--client-secret", default="daybook-demo-secret")
    parser.add_argument("--app-name", default="Daybook", help="the application's name on the consent page")
    parser.add_argument(
        "--redirect-uri", action="append", default=[], help="may be given often; none: any loopback address"
    )
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sandbox = start(
        options.port,
        seed=options.seed,
        host=options.host,
        state=options.state,
        client_id=options.client_id,
        client_secret=options.client_secret,
        app_name=options.app_name,
        redirect_uris=tuple(options.redirect_uri),
    )
    print(f"Google sandbox at {sandbox.url}", flush=True)
    while not stop.wait(1):
        pass
    sandbox.stop()


if __name__ == "__main__":
    main()
