"""The whole playbook on a bare Debian: what it leaves there, and that a second run changes nothing."""

import subprocess

import pytest
from testbed import root as roots
from testbed.playbook import play
from testbed.root import chroot

VARIABLES = {
    "penstock_secrets": ['quotes " and \\ and # are fine', "second"],
    "penstock_users": ["alice:secret"],
    "penstock_isolated_cores": [0],
    "penstock_hugepages_2m": 512,
    "penstock_hugepages_1g": 2,
    "penstock_vfio_devices": ["0000:01:00.0"],
    "penstock_kernel_words": ["quiet"],
    "penstock_config": {
        "auth": {"realm": "example.net"},
        "listen": {"addresses": ["127.0.0.1:443"]},
        "relay": {"port_min": 20000, "port_max": 20099},
        "drain": {"deadline_s": 300},
    },
}


@pytest.fixture(scope="module")
def root():
    return roots.unpack()


@pytest.fixture(scope="module")
def first_run(root):
    return play(root, VARIABLES)


def test_applies_to_a_bare_debian(first_run):
    assert not first_run.failed
    assert first_run.stats["changed"] > 0


def test_second_run_changes_nothing(root, first_run):
    second_run = play(root, VARIABLES)
    assert not second_run.failed
    assert second_run.changed == []
    assert second_run.stats["changed"] == 0


def test_penstockd_runs_with_the_libraries_that_were_installed(root, first_run):
    assert "penstockd" in chroot(root, "penstockd", "--version", check=True).stdout
    checked = chroot(root, "penstockd", "--check-config", "/etc/penstock/penstock.toml")
    assert checked.returncode == 0, checked.stderr


def test_only_penstock_reads_the_secrets(root, first_run):
    for name in ("penstock.toml", "secrets", "users"):
        facts = chroot(root, "stat", "--format=%U %G %a", f"/etc/penstock/{name}", check=True)
        assert facts.stdout.split() == ["root", "penstock", "640"]
    assert (root / "etc/penstock/secrets").read_text().splitlines() == VARIABLES["penstock_secrets"]


def test_unit_is_enabled_with_the_drop_in_of_its_port(root, first_run):
    assert chroot(root, "systemctl", "--root=/", "is-enabled", "penstockd").stdout.strip() == "enabled"
    drop_ins = root / "etc/systemd/system/penstockd.service.d"
    assert sorted(file.name for file in drop_ins.iterdir()) == ["10-port-below-1024.conf", "20-host.conf"]
    assert "TimeoutStopSec=315" in (drop_ins / "20-host.conf").read_text()


def test_host_is_prepared(root, first_run):
    sysctls = (root / "etc/sysctl.d/60-penstock.conf").read_text().splitlines()
    assert "net.ipv4.ip_local_reserved_ports = 20000-20099" in sysctls
    assert "vm.nr_hugepages = 512" in sysctls
    assert (root / "etc/driverctl.d/pci-0000:01:00.0").read_text() == "vfio-pci\n"
    # As update-grub reads it: what other files put there stays.
    words = subprocess.run(
        ["sh", "-c", 'GRUB_CMDLINE_LINUX=before; . "$1"; echo "$GRUB_CMDLINE_LINUX"', "sh",
         root / "etc/default/grub.d/penstock.cfg"], text=True, capture_output=True, check=True).stdout.split()
    assert words[0] == "before"
    assert {"isolcpus=managed_irq,domain,0", "hugepagesz=1G", "hugepages=2", "intel_iommu=on", "quiet"} <= set(words)


def test_a_mistake_in_the_configuration_leaves_the_old_one(root, first_run):
    before = (root / "etc/penstock/penstock.toml").read_text()
    mistaken = play(root, VARIABLES | {"penstock_config": {"relay": {"port_mim": 20000}}},
                    [{"hosts": "relays", "gather_facts": False, "tasks": [
                        {"include_role": {"name": "relay", "tasks_from": "configuration.yml"}}]}])
    assert "unknown key relay.port_mim" in mistaken.failed
    assert (root / "etc/penstock/penstock.toml").read_text() == before


def test_a_reboot_is_flagged_and_left_to_the_operator(root, first_run):
    ask = [{"hosts": "relays", "gather_facts": False, "tasks": [
        {"include_role": {"name": "host", "tasks_from": "reboot.yml"}}]}]
    variables = {"host_missing_words": ["nohz_full=1000"], "penstock_vfio_devices": ["ffff:01:00.0"]}
    first, second = play(root, variables, ask), play(root, variables, ask)
    assert not first.failed
    said = first.results_of("Say that a reboot is needed")[0]["msg"]
    assert "nohz_full=1000" in said and "driver override: ffff:01:00.0" in said
    assert (root / "run/reboot-required.pkgs").read_text() == "penstock\n"
    assert first.results_of("Reboot")[0]["skipped"]
    assert second.changed == []
