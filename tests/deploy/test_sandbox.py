"""penstockd starts, serves, reloads and drains in the sandbox of its unit, port by port (testbed/sandbox.py)."""

import os
import signal
import socket
import struct
import subprocess
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


def serve_and_end(service: Service, address: str, port: int) -> None:
    service.says("READY=1")
    assert binding(address, port)[:2] == b"\x01\x01", service.log.read_text()
    service.signal(signal.SIGHUP)
    service.says("RELOADING=1")
    service.says("READY=1")
    service.signal(signal.SIGTERM)
    service.says("STOPPING=1")
    assert service.process.wait(timeout=10) == 0


@pytest.mark.parametrize("port, drop_ins", [(3478, []), (443, ["port-below-1024"])])
def test_serves_on_kernel_sockets(applied, port, drop_ins):
    with Service(applied, CONFIG.format(address="127.0.0.1", port=port), drop_ins) as service:
        serve_and_end(service, "127.0.0.1", port)
        assert "reload_refused" not in service.log.read_text()
    assert (applied / "var/log/penstock/allocations.json").exists()


def test_base_unit_grants_no_low_port(applied):
    """So that the sandbox is known to be one."""
    with Service(applied, CONFIG.format(address="127.0.0.1", port=443), []) as service:
        assert service.process.wait(timeout=20) == 1
    assert "ports below 1024 need CAP_NET_BIND_SERVICE" in service.log.read_text()
