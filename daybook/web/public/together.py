"""One answer for all who ask the same in the same instant: a crowd at one page costs little more than one visitor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

A = TypeVar("A")


class _Turn(Generic[A]):
    """One piece of work and whoever waits for it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answers: list[A] = []  # empty when the work failed


class Together(Generic[A]):
    """
    Share work between threads without ever giving an old answer.

    Whoever asks while the work is under way waits for the next turn, which begins afterwards: what an answer was
    made from was read after everybody who gets it had asked. Nothing is kept. Answers must not be changed by anybody.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: dict[Hashable, _Turn[A]] = {}
        self._running: dict[Hashable, _Turn[A]] = {}

    def ask(self, key: Hashable, work: Callable[[], A]) -> A:
        """The answer of `work`, or of the same work begun by somebody else since. Raises what `work` raises."""
        with self._lock:
            turn = self._next.get(key)
            if mine := turn is None:
                turn = self._next[key] = _Turn()
            before = self._running.get(key)
        if not mine:
            turn.done.wait()
            return turn.answers[0] if turn.answers else work()
        if before is not None:
            before.done.wait()
        with self._lock:
            del self._next[key]
            self._running[key] = turn
        try:
            turn.answers.append(work())
            return turn.answers[0]
        finally:
            with self._lock:
                if self._running.get(key) is turn:
                    del self._running[key]
            turn.done.set()
