"""Runs Ansible against the root, as if it were a host."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from testbed.root import BINARIES, REPOSITORY

ANSIBLE = REPOSITORY / "ansible"


@dataclass(frozen=True)
class Run:
    """What became of the tasks."""

    stats: dict
    results: list  # (task's name, result)
    output: str

    @property
    def changed(self) -> list[str]:
        return [name for name, result in self.results if result.get("changed")]

    @property
    def failed(self) -> str:
        """What the failed tasks said; empty when none did."""
        said = [f"{name}: {item.get('msg')} {item.get('stderr', '')}" for name, result in self.results
                for item in (result, *result.get("results", []))
                if item.get("failed") or item.get("unreachable")]
        return "\n".join(said) or ("" if self.stats else self.output)

    def results_of(self, task: str) -> list[dict]:
        return [result for name, result in self.results if name.endswith(task)]


def play(root: Path, variables: dict, playbook: Path | list = ANSIBLE / "site.yml") -> Run:
    """Applies a playbook, a file or plays given as data, with these variables of the host."""
    if isinstance(playbook, list):  # YAML is a superset of JSON
        made = root.parent / "playbook.json"
        made.write_text(json.dumps(playbook))
        playbook = made
    host = {
        "ansible_connection": "community.general.chroot",
        "ansible_host": str(root),
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_become": False,
        "penstock_binaries": str(BINARIES),
    }
    inventory = root.parent / "inventory.json"
    inventory.write_text(json.dumps({"relays": {"hosts": {"relay": host | variables}}}))
    environment = os.environ | {
        "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"),
        "ANSIBLE_ROLES_PATH": str(ANSIBLE / "roles"),
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_NOCOLOR": "1",
    }
    done = subprocess.run(["/usr/bin/ansible-playbook", "--inventory", inventory, playbook], cwd=ANSIBLE,
                          env=environment, text=True, capture_output=True, timeout=300)
    try:
        report = json.loads(done.stdout[done.stdout.index("{"):])
    except ValueError:
        return Run({}, [], done.stdout + done.stderr)
    results = [(task["task"]["name"], result) for played in report["plays"] for task in played["tasks"]
               for result in task["hosts"].values()]
    return Run(report["stats"].get("relay", {}), results, done.stdout + done.stderr)
