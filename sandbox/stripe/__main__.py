"""Run the Stripe sandbox: ``python -m sandbox.stripe --port 8106 --seed demo --state FILE --webhook-url URL``."""

from __future__ import annotations

from sandbox.running import command, serve_until_told
from sandbox.stripe import KEY, SECRET, start
from sandbox.stripe.seed import SEEDS


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save and leave."""
    parser = command("stripe", "Stripe", 8106, SEEDS)
    parser.add_argument("--key", default=KEY, help="the platform's secret key")
    parser.add_argument("--webhook-url", default="", help="where events go; none: to nobody")
    parser.add_argument("--webhook-secret", default=SECRET, help="what events are signed with")
    serve_until_told(start, parser.parse_args(), "Stripe sandbox at {0.url}")


if __name__ == "__main__":
    main()
