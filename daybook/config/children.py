"""Start a process that cannot outlive this one, not even when this one is killed with -9."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

#: Where the kernel cannot do it: a shell that waits for the end of a pipe and then sends the signal.
_WATCHER = 'read _ ; kill -"$1" "$2" 2>/dev/null'


def die_with_parent(signum: int = signal.SIGTERM) -> None:
    """Ask the kernel to send us `signum` when the thread that started us ends. Linux only."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, int(signum))


def _before_exec(parent: int, signum: int) -> Callable[[], None]:
    def prepare() -> None:
        die_with_parent(signum)
        if os.getppid() != parent:  # it died between our fork and the line above
            os._exit(1)

    return prepare


class Child(subprocess.Popen[bytes]):
    """A Popen that also holds the pipe its watcher waits on, where one is needed."""

    lifeline: int | None = None


def spawn(
    argv: Sequence[str],
    *,
    on_parent_death: int = signal.SIGTERM,
    kernel: bool = _prctl is not None,
    **options: Any,
) -> Child:
    """
    Start `argv` in a session of its own, so that Ctrl-C reaches only us, and tie its life to ours.

    Call it from a thread that lives as long as the child should: on Linux the *thread* is the parent.
    `kernel=False` uses the pipe instead of the kernel's signal.
    """
    options.setdefault("stdin", subprocess.DEVNULL)
    if kernel:
        options["preexec_fn"] = _before_exec(os.getpid(), on_parent_death)
    child = Child(argv, start_new_session=True, **options)
    if not kernel:
        reads, child.lifeline = os.pipe()
        subprocess.Popen(
            ["/bin/sh", "-c", _WATCHER, "sh", str(int(on_parent_death)), str(child.pid)],
            stdin=reads,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(reads)
    return child


def stop(child: subprocess.Popen[bytes], signum: int = signal.SIGTERM, patience: float = 5.0) -> None:
    """Ask `child` to end, and after `patience` seconds insist."""
    for number, seconds in ((signum, patience), (signal.SIGKILL, 5.0)):
        if child.poll() is not None:
            return
        try:
            child.send_signal(number)
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
