"""The unit with every drop-in: systemd accepts it and finds little to complain about."""

import shutil

import pytest
from testbed.playbook import ANSIBLE, play
from testbed.root import SYSTEMD, chroot

# What an operator writes -> the drop-ins that the role installs.
# All listen on port 443, which the kernel has to grant whatever the packets go by.
PORTS = [
    ("uring", ["port-below-1024"]),  # 443, see VARIABLES
    ("dpdk:net_af_xdp,iface=eth1", ["port-below-1024", "dpdk-af_xdp"]),
    ("dpdk:net_af_xdp0,iface=eth1", ["port-below-1024", "dpdk-af_xdp"]),
    ("dpdk:net_memif0,role=server", ["port-below-1024", "dpdk-virtual"]),
    ("dpdk:0000:01:00.0;address=192.0.2.1/24;gateway=192.0.2.254", ["port-below-1024", "dpdk-pci"]),
    (["dpdk:net_af_xdp,iface=eth1", "dpdk:01:00.0,mac=1"], ["port-below-1024", "dpdk-af_xdp", "dpdk-pci"]),
]
INSTALL_UNIT = [{"hosts": "relays", "gather_facts": False, "tasks": [
    {"include_role": {"name": "relay", "tasks_from": name}} for name in ("check.yml", "unit.yml")]}]
SHOW_DROP_INS = [{"hosts": "relays", "gather_facts": False, "vars_files": ["{{ relay_variables }}"], "tasks": [
    {"name": "Show", "debug": {"msg": "{{ relay_drop_ins }}"}, "loop": [{"port": port} for port, _ in PORTS],
     "vars": {"penstock_port": "{{ item.port }}", "penstock_port_bifurcated": False}}]}]
VARIABLES = {
    "penstock_config": {"listen": {"addresses": ["[2001:db8::1]:443"]}},
    "penstock_users": ["a:b"],
    "penstock_secrets": [],
    "relay_variables": str(ANSIBLE / "roles/relay/vars/main.yml"),
}
MOST_EXPOSED = 29  # tenths: below 3, as systemd/README.md says


@pytest.mark.parametrize("drop_ins", [[], *[[file.stem] for file in sorted(SYSTEMD.glob("*.conf"))],
                                      [file.stem for file in sorted(SYSTEMD.glob("*.conf"))]])
def test_unit_is_valid_and_exposes_little(applied, drop_ins):
    units = applied / "etc/systemd/system"
    directory = units / "penstockd.service.d"
    shutil.rmtree(directory)
    directory.mkdir()
    shutil.copy(SYSTEMD / "penstockd.service", units)
    shutil.copy(SYSTEMD / "penstock-xdp-release", applied / "usr/local/libexec")
    for name in drop_ins:
        shutil.copy(SYSTEMD / f"{name}.conf", directory)
    verified = chroot(applied, "systemd-analyze", "verify", "--man=no", "penstockd.service")
    assert verified.returncode == 0 and verified.stderr == ""
    judged = chroot(applied, "systemd-analyze", "security", "--no-pager", "--offline=true",
                    f"--threshold={MOST_EXPOSED}", "penstockd.service")
    assert judged.returncode == 0, judged.stdout.splitlines()[-1]


def test_port_decides_the_drop_ins(applied):
    done = play(applied, VARIABLES, SHOW_DROP_INS)
    assert not done.failed
    shown = done.results_of("Show")[0]["results"]
    assert [(item["item"]["port"], item["msg"]) for item in shown] == PORTS


def test_role_installs_what_the_port_needs_and_nothing_else(applied):
    drop_ins = applied / "etc/systemd/system/penstockd.service.d"
    shutil.rmtree(drop_ins)
    drop_ins.mkdir()
    (drop_ins / "10-dpdk-af_xdp.conf").touch()  # of the port before
    done = play(applied, VARIABLES | {"penstock_port": "dpdk:01:00.0;mtu=9000"}, INSTALL_UNIT)
    assert not done.failed
    installed = {file.name for file in drop_ins.iterdir()}
    assert installed == {"10-port-below-1024.conf", "10-dpdk-pci.conf", "20-host.conf"}
    assert "After=driverctl@pci-0000:01:00.0.service" in (drop_ins / "20-host.conf").read_text()
    assert (applied / "etc/udev/rules.d/70-penstock-vfio.rules").exists()


def test_role_refuses_a_port_it_does_not_know(applied):
    done = play(applied, VARIABLES | {"penstock_port": "dpdk:eth0"}, INSTALL_UNIT)
    assert "neither uring nor dpdk" in done.failed
