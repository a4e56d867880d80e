"""Nothing we start outlives us."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from daybook.config import children
from tests.house.tree import ROOT

PARENT = """
import sys, time
from daybook.config import children
child = children.spawn([sys.executable, "-c", "import time; time.sleep(60)"], kernel={kernel})
print(child.pid, flush=True)
time.sleep(60)
"""


def _gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    "kernel",
    [pytest.param(True, marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux can")), False],
)
def test_a_child_ends_when_its_parent_is_killed(kernel: bool):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(kernel=kernel)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert psutil.pid_exists(pid)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert _gone(pid)


def test_a_child_that_does_not_listen_is_stopped_all_the_same():
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    child = children.spawn([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
    assert child.stdout
    child.stdout.readline()
    children.stop(child, patience=0.2)
    assert child.returncode == -signal.SIGKILL
