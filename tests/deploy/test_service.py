"""When the role starts, reloads and restarts penstockd on a host that runs; systemctl is played by testbed/systemctl."""

import copy
import os
import shutil
import signal
import urllib.request
from pathlib import Path

import pytest
from testbed.playbook import play

METRICS = "http://127.0.0.1:9641"
VARIABLES = {
    "penstock_users": ["alice:secret"],
    "penstock_ready_timeout_s": 10,
    "penstock_config": {
        "listen": {"addresses": ["127.0.0.1"]},
        "relay": {"port_min": 20000, "port_max": 20099},
        "workers": {"count": 1},
        "drain": {"deadline_s": 5},
    },
}
# What the relay role does on a host where systemd runs; the rest of it is test_playbook.py's.
ROLL = [{"hosts": "relays", "gather_facts": False, "vars": {"relay_host_runs": True}, "tasks": [
    {"include_role": {"name": "relay", "tasks_from": f"{name}.yml"}} for name in ("configuration", "service")]}]


class Host:
    """The root, and what its systemctl was told since it was last asked."""

    def __init__(self, root: Path):
        self.root = root
        self.log = root / "run/systemctl.log"

    def roll(self, variables: dict):
        self.log.unlink(missing_ok=True)
        done = play(self.root, variables, ROLL)
        assert not done.failed
        return done

    def told(self) -> list[str]:
        return self.log.read_text().split() if self.log.exists() else []

    def pid(self) -> int:
        return int((self.root / "run/penstockd.pid").read_text())


@pytest.fixture(scope="module")
def host(applied):
    shutil.copy(Path(__file__).parent / "testbed/systemctl", applied / "usr/local/bin/systemctl")
    for left in ("var/lib/penstock/applied.json", "run/penstockd.pid", "run/penstockd.log"):
        (applied / left).unlink(missing_ok=True)
    host = Host(applied)
    host.roll(VARIABLES)
    assert host.told() == ["start"]
    yield host
    os.kill(host.pid(), signal.SIGKILL)
    (applied / "usr/local/bin/systemctl").unlink()


def with_key(section: str, key: str, value) -> dict:
    changed = copy.deepcopy(VARIABLES)
    changed["penstock_config"].setdefault(section, {})[key] = value
    return changed


def test_is_ready_after_the_first_run(host):
    assert urllib.request.urlopen(f"{METRICS}/readyz", timeout=5).status == 200


def test_nothing_changed_nothing_done(host):
    assert host.roll(VARIABLES).changed == []
    assert host.told() == []


def test_what_a_reload_takes_over_is_reloaded(host):
    pid = host.pid()
    host.roll(with_key("limits", "user_allocations", 7))
    assert host.told() == ["reload"]
    assert host.pid() == pid


def test_what_needs_a_restart_is_drained_and_started(host):
    pid = host.pid()
    host.roll(with_key("relay", "port_max", 20199))
    assert host.told() == ["stop", "start"]
    assert host.pid() != pid
    assert urllib.request.urlopen(f"{METRICS}/readyz", timeout=5).status == 200


def test_a_run_that_was_cut_short_is_made_good(host):
    """The file was written, and then nothing: the next run sees that penstockd was started with another one."""
    config = host.root / "etc/penstock/penstock.toml"
    config.write_text(config.read_text().replace("20199", "20299"))
    host.roll(with_key("relay", "port_max", 20299))
    assert host.told() == ["stop", "start"]
