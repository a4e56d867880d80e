"""The pieces of `daybook run`: secrets, ports, and programs that are kept running."""

import json
import os
import socket
import stat
import sys
import time

import pytest

from daybook.config import home
from daybook.config.documented import BadSetting
from daybook.config.env import read
from daybook.config.supervisor import Program, Supervisor

GOOD = {"SECRET_KEY": "x" * 40, "DATABASE_URL": "postgres://daybook@localhost/daybook"}


def test_secrets_are_thought_up_once_and_kept_private(tmp_path):
    assert home.secrets_of(tmp_path, make=False) == {}
    first = home.secrets_of(tmp_path, make=True)
    assert first == home.secrets_of(tmp_path, make=True)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(first["SECRET_KEY"]) >= 32
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]
    assert read({**GOOD, **first}).encryption_keys == (first["ENCRYPTION_KEYS"],)


def test_what_the_operator_gave_wins(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "given")
    monkeypatch.setenv("MAIL_FROM", "")
    home.adopt({"SECRET_KEY": "ours", "MAIL_FROM": "ours"})
    assert (os.environ["SECRET_KEY"], os.environ["MAIL_FROM"]) == ("given", "ours")


def test_the_real_clio_is_not_replaced_when_the_operator_named_it(monkeypatch):
    monkeypatch.delenv("CLIO_CLIENT_ID", raising=False)
    assert "CLIO_BASE_URL" in home.demo_environment(home.PORTS)
    monkeypatch.setenv("CLIO_CLIENT_ID", "real")
    assert "CLIO_BASE_URL" not in home.demo_environment(home.PORTS)


def test_a_taken_port_is_stepped_over_and_the_last_one_is_kept():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        assert home.choose_ports({}, {"web": busy})["web"] > busy
    assert home.choose_ports({"web": busy}, {"web": home.PORTS["web"]})["web"] == busy


def test_a_port_that_is_held_looks_taken_to_another_run():
    port = home.choose_ports({}, {"web": 8600})["web"]
    with home.hold(port):
        assert not home.is_free(port)
        assert home.choose_ports({}, {"web": port})["web"] != port
    assert home.is_free(port)


def _python(tmp_path, name: str, source: str) -> Program:
    return Program(
        name, [sys.executable, "-c", source], dict(os.environ), tmp_path / f"{name}.log", patience=1
    )


def test_what_ends_is_started_again_later_and_later(tmp_path):
    program = _python(tmp_path, "short", "print('hello')")
    program.start()
    pauses = []
    for _ in range(3):
        assert program.child
        program.child.wait()
        before = time.monotonic()
        program.watch()
        pauses.append(program.due - before)
        program.due = 0
        program.watch()
    assert pauses == sorted(pauses)
    assert program.failures == 3
    assert program.child
    program.child.wait()
    assert (tmp_path / "short.log").read_text().count("hello") == 4


def test_all_are_stopped_even_those_that_do_not_listen(tmp_path):
    supervisor = Supervisor()
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    programs = [
        supervisor.start(_python(tmp_path, "polite", "import time; time.sleep(60)")),
        supervisor.start(_python(tmp_path, "stubborn", stubborn)),
    ]
    while not (tmp_path / "stubborn.log").read_text():
        time.sleep(0.01)
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 10
    assert all(program.child and program.child.returncode for program in programs)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "sqlite:///somewhere"),
        ("DATABASE_URL", ""),
        ("PUBLIC_URL", "http://book.example.com"),
        ("PUBLIC_URL", "https://book.example.com/path"),
        ("BOOKING_ATTEMPTS", "many"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_setting_that_cannot_work_is_named(setting, value):
    with pytest.raises(BadSetting, match=setting):
        read({**GOOD, setting: value})


def test_what_a_run_wrote_down_is_read_back_and_damage_is_no_trouble(tmp_path):
    home.write_run(tmp_path, {"ports": {"web": 8003}})
    assert home.last_run(tmp_path) == {"ports": {"web": 8003}}
    (tmp_path / "run.json").write_text(json.dumps({})[:1])
    assert home.last_run(tmp_path) == {}
