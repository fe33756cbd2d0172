"""penstockd starts, serves, reloads and drains in the sandbox of its unit, port by port (testbed/sandbox.py)."""

import ctypes
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import pytest
from testbed.root import SYSTEMD

SANDBOX = Path(__file__).parent / "testbed/sandbox.py"
CONFIG = """
[listen]
addresses = ["{address}"]
port = {port}
[workers]
count = 1
[auth]
users = ["alice:secret"]
[drain]
deadline_s = 5
[log]
allocations_file = "/var/log/penstock/allocations.json"
"""
DPDK = """
[dataplane]
ports = ["{port}"]
[dpdk]
huge_pages = "off"
"""


class Service:
    """penstockd in the sandbox of the unit and these drop-ins, and what it tells its service manager."""

    def __init__(self, root: Path, config: str, drop_ins: list[str]):
        self.directory = root / "run/manager"  # of the test's, so that notifications get out
        self.directory.mkdir(exist_ok=True)
        path = self.directory / "notify"
        path.unlink(missing_ok=True)
        self.notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notifications.bind(str(path))
        path.chmod(0o777)
        (root / "etc/penstock").chmod(0o755)  # the sandbox's user is not the root's penstock
        (root / "etc/penstock/sandbox.toml").write_text(config)
        self.log = root.parent / "sandbox.log"
        files = [SYSTEMD / "penstockd.service", *(SYSTEMD / f"{name}.conf" for name in drop_ins)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "/usr/bin/python3", "-B", SANDBOX, root,
                 "/etc/penstock/sandbox.toml", *files],
                env=os.environ | {"NOTIFY_SOCKET": "/run/manager/notify"}, stdout=log, stderr=log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.notifications.close()

    def says(self, words: str, timeout_s: float = 20) -> None:
        """Waits for a notification."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            self.notifications.settimeout(0.2)
            try:
                if words in self.notifications.recv(4096).decode():
                    return
            except TimeoutError:
                if self.process.poll() is not None:
                    break
        pytest.fail(f"no {words}; the log says:\n{self.log.read_text()[-3000:]}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)


def binding(address: str, port: int) -> bytes:
    """Asks for a Binding (RFC 8489), for up to 5 seconds; the answer."""
    request = struct.pack("!HHI", 1, 0, 0x2112A442) + os.urandom(12)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.5)
        for _ in range(10):
            client.sendto(request, (address, port))
            try:
                return client.recv(1500)
            except TimeoutError:
                pass
    return b""


def serve_and_end(service: Service, ask) -> None:
    service.says("READY=1")
    assert ask()[:2] == b"\x01\x01", service.log.read_text()
    service.signal(signal.SIGHUP)
    service.says("RELOADING=1")
    service.says("READY=1")
    service.signal(signal.SIGTERM)
    service.says("STOPPING=1")
    assert service.process.wait(timeout=10) == 0


@pytest.mark.parametrize("port, drop_ins", [(3478, []), (443, ["port-below-1024"])])
def test_serves_on_kernel_sockets(applied, port, drop_ins):
    with Service(applied, CONFIG.format(address="127.0.0.1", port=port), drop_ins) as service:
        serve_and_end(service, lambda: binding("127.0.0.1", port))
        assert "reload_refused" not in service.log.read_text()
    assert (applied / "var/log/penstock/allocations.json").exists()


def test_base_unit_grants_no_low_port(applied):
    """So that the sandbox is known to be one."""
    with Service(applied, CONFIG.format(address="127.0.0.1", port=443), []) as service:
        assert service.process.wait(timeout=20) == 1
    assert "ports below 1024 need CAP_NET_BIND_SERVICE" in service.log.read_text()


@pytest.fixture
def eth1():
    """An interface, 192.0.2.1; the function runs another one on the host at its far end, 192.0.2.2."""
    with subprocess.Popen(["unshare", "--net", "sleep", "120"]) as far:
        while os.readlink(f"/proc/{far.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            time.sleep(0.01)
        inside = f"nsenter --target {far.pid} --net "
        for command in (f"ip link add eth1 type veth peer name eth0 netns {far.pid}",
                        "ip address add 192.0.2.1/24 dev eth1", "ip link set eth1 up",
                        inside + "ip address add 192.0.2.2/24 dev eth0", inside + "ip link set eth0 up",
                        inside + "ethtool --offload eth0 tx off"):
            subprocess.run(command.split(), check=True, capture_output=True)

        def at_the_far_end(function, *arguments):
            result = []

            def enter_and_run():
                with open(f"/proc/{far.pid}/ns/net") as namespace:
                    assert ctypes.CDLL(None).setns(namespace.fileno(), 0) == 0
                result.append(function(*arguments))

            thread = threading.Thread(target=enter_and_run)
            thread.start()
            thread.join()
            return result[0]

        yield at_the_far_end
        far.kill()


def test_serves_on_af_xdp(applied, eth1):
    config = CONFIG.format(address="192.0.2.1", port=3478) + DPDK.format(port="dpdk:net_af_xdp,iface=eth1")
    with Service(applied, config, ["dpdk-af_xdp"]) as service:
        service.says("READY=1")
        assert eth1(binding, "192.0.2.1", 3478)[:2] == b"\x01\x01", service.log.read_text()
        service.signal(signal.SIGKILL)
        service.process.wait()

    # What ExecStopPost= is for: without it the next start finds a program that it may not look at.
    with Service(applied, config, ["dpdk-af_xdp"]) as service:
        assert service.process.wait(timeout=20) == 1
        assert "CAP_SYS_ADMIN" in service.log.read_text()
    released = subprocess.run([SYSTEMD / "penstock-xdp-release"], capture_output=True, text=True, check=True)
    assert released.stdout == "taking penstock_steer off eth1\n"

    with Service(applied, config, ["dpdk-af_xdp"]) as service:
        serve_and_end(service, lambda: eth1(binding, "192.0.2.1", 3478))


def test_serves_on_memif(applied):
    config = CONFIG.format(address="192.0.2.1", port=3478) + DPDK.format(
        port="dpdk:net_memif0,role=server,socket-abstract=no,socket=/run/penstock/memif.sock;address=192.0.2.1/24;tap=ps0")
    with Service(applied, config, ["dpdk-virtual"]) as service:
        service.says("READY=1")
        assert "ps0" in (name for _, name in socket.if_nameindex())
        service.signal(signal.SIGTERM)
        service.says("STOPPING=1")
        assert service.process.wait(timeout=10) == 0
