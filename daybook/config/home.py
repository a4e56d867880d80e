"""The data folder of one machine: its secrets, its ports, its logs, and the settings that follow from them."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What each part listens on when nothing else does: the product, the stand-ins, mail coming in, mail shown.
PORTS = {"web": 8000, "clio": 8101, "google": 8104, "microsoft": 8105, "smtp": 8125, "mail": 8126}

#: Daybook's registration with the stand-ins, which all take the same by default.
APPLICATION = ("daybook-demo", "daybook-demo-secret")
#: The systems that have a stand-in and a registration, by the name of both.
STAND_INS = ("clio", "google", "microsoft")


def folder() -> Path:
    """Return the data folder, made when missing: DAYBOOK_HOME, or `.daybook` in the checkout."""
    home = Path(os.environ.get("DAYBOOK_HOME") or ROOT / ".daybook").absolute()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home


def secrets_of(home: Path, *, make: bool) -> dict[str, str]:
    """
    Read the secrets kept in `home`; with `make`, think them up once.

    Losing the file means losing the connections to other systems: their tokens are encrypted with it.
    """
    path = home / "secrets.json"
    if not path.exists() and make:
        fresh = {"SECRET_KEY": secrets.token_urlsafe(48), "ENCRYPTION_KEYS": _fernet_key()}
        draft = home / f"secrets.{os.getpid()}"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(fresh, file, indent=1)
        try:
            os.link(
                draft, path
            )  # unlike a rename, this never replaces what another process was quicker to write
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _fernet_key() -> str:
    import base64

    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def last_run(home: Path) -> dict[str, object]:
    """Read what the last `run` wrote down: its ports, and whether it had the demo beside it."""
    try:
        return dict(json.loads((home / "run.json").read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def write_run(home: Path, facts: Mapping[str, object]) -> None:
    draft = home / "run.json.new"
    draft.write_text(json.dumps(facts, indent=1))
    draft.replace(home / "run.json")


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether we could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def hold(port: int, host: str = "127.0.0.1") -> socket.socket:
    """
    Keep `port` from looking free to another run for as long as the answer is open.

    The web server shares its port between its processes (SO_REUSEPORT), so two runs choosing at the same moment could
    both have it, and visitors would land in either. A socket that is bound and never listens takes nobody's calls.
    """
    holder = socket.socket()
    if hasattr(socket, "SO_REUSEPORT"):
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((host, port))
    return holder


def choose_ports(before: Mapping[str, object], first: Mapping[str, int] = PORTS) -> dict[str, int]:
    """Choose a free port for each part: the one of the last run if it can be had, else the next one up."""
    chosen: dict[str, int] = {}
    for part, default in first.items():
        known = before.get(part)
        tries = [known] if isinstance(known, int) and default == PORTS[part] else []
        for port in [*tries, *range(default, default + 100)]:
            if port not in chosen.values() and is_free(port):
                chosen[part] = port
                break
        else:
            raise SystemExit(f"No free port for {part} from {default} to {default + 99}.")
    return chosen


def demo_environment(ports: Mapping[str, int]) -> dict[str, str]:
    """Point the product at the stand-ins beside it, except where the operator named the real thing."""
    values = {"EMAIL_URL": f"smtp://127.0.0.1:{ports['smtp']}", "PRIVATE_NETWORKS": "1"}
    for name in STAND_INS:
        if not os.environ.get(f"{name.upper()}_CLIENT_ID"):
            values[f"{name.upper()}_BASE_URL"] = f"http://127.0.0.1:{ports[name]}"
            values[f"{name.upper()}_CLIENT_ID"], values[f"{name.upper()}_CLIENT_SECRET"] = APPLICATION
    return values


def adopt(values: Mapping[str, str]) -> None:
    """Put `values` into the environment where it has nothing yet: what the operator gave wins."""
    for name, value in values.items():
        if not os.environ.get(name):
            os.environ[name] = value
