"""Run the Exchange sandbox: ``python -m sandbox.exchange --port 8107 --seed demo --state FILE``."""

from __future__ import annotations

from sandbox.exchange import start
from sandbox.exchange.seed import SEEDS
from sandbox.running import command, serve_until_told


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save and leave."""
    parser = command("exchange", "an Exchange Server's calendars", 8107, SEEDS)
    serve_until_told(start, parser.parse_args(), "Exchange sandbox at {0.ews_url}")


if __name__ == "__main__":
    main()
