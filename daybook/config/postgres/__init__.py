"""A PostgreSQL of our own for machines without one: where it lives, its programs, starting and stopping."""

from daybook.config.postgres.place import CannotStart
from daybook.config.postgres.server import Reservation, Server, running_url, start, throwaway

__all__ = ["CannotStart", "Reservation", "Server", "running_url", "start", "throwaway"]
