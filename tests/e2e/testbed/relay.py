"""The relay under test, started in its host: penstockd, or coturn's turnserver as the reference.

PENSTOCK_E2E_RELAY=penstockd|coturn chooses; a client test that fails against both is itself wrong.
PENSTOCK_E2E_PORT=uring|af_xdp chooses how penstockd reaches the network.
"""

import base64
import hashlib
import hmac
import os
import shutil
import signal
import socket
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from testbed import metrics
from testbed.network import Host
from testbed.process import Process, wait_until

_REPOSITORY = Path(__file__).resolve().parents[3]

REALM = "penstock.test"
USER, PASSWORD = "ada", "correct horse"
SECRET = "north of the border"
PORT = 3478
METRICS_PORT = 9478
HTTP_PORT = 8080  # of WHIP and WHEP, without tokens
API_PORT = 8081  # of the control API, on the relay's loopback
# The hosts of the test bed have private addresses, which no TURN server should reach unasked.
ALLOWED_PEERS = ("10.77.1.0/24", "10.77.2.0/24", "10.77.3.0/24", "fd77::/16")


# Over af_xdp the relay's host keeps its interface: only our UDP ports bypass its kernel.
PORTS = {"uring": "uring", "af_xdp": "dpdk:net_af_xdp,iface={interface}"}


@dataclass
class RelayOptions:
    """What a test may vary. `settings` is extra TOML, table by table, for penstockd alone."""

    workers: int = 1
    users: dict = field(default_factory=lambda: {USER: PASSWORD})
    secrets: list = field(default_factory=list)
    allowed_peers: tuple = ALLOWED_PEERS
    port_range: tuple[int, int] | None = None
    settings: dict = field(default_factory=dict)
    interfaces: tuple = ("eth0",)  # of the relay's host, over af_xdp
    rooms: bool = False  # with the control API, WHIP and WHEP, without tokens


class Relay:
    """A running relay; `with` or stop() ends it. options may be changed and written again by reload()."""

    kind = ""

    def __init__(self, host: Host, options: RelayOptions):
        self.host = host
        self.options = options
        self.directory = Path(tempfile.mkdtemp(prefix="penstock-e2e-"))
        self.process = Process(host, *self._command())
        try:
            self._wait_ready()
        except BaseException:
            self.stop()
            raise

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _ready(self) -> bool:
        raise NotImplementedError

    def _wait_ready(self) -> None:
        def ready():
            if not self.process.running():
                raise RuntimeError(f"{self.kind} ended at start:\n{self.process.output()[-4000:]}")
            return self._ready()

        try:
            wait_until(ready, 20, f"{self.kind} ready")
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.process.output()[-4000:]}") from None

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        return self.process.output()

    def stop(self) -> None:
        self.process.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Penstockd(Relay):
    """The daemon of this repository; the binary is $PENSTOCK_BIN/penstockd."""

    kind = "penstockd"

    def _command(self) -> list[str]:
        options, host = self.options, self.host
        # Every interface a port of its own; uring is one port whatever there is.
        ports = dict.fromkeys(PORTS[chosen_port()].format(interface=name) for name in options.interfaces)
        rooms = ["--demo", "--http", f"{host.ipv4}:{HTTP_PORT}", "--http", f"[{host.ipv6}]:{HTTP_PORT}",
                 "--http", f"127.0.0.1:{API_PORT}"]
        return [str(binary_directory() / "penstockd"), "--config", str(self.write_configuration()),
                   "--listen", f"{host.ipv4}:{PORT}", "--listen", f"[{host.ipv6}]:{PORT}",
                   "--realm", REALM, "--workers", str(options.workers),
                   "--metrics", f"{host.ipv4}:{METRICS_PORT}", *(word for port in ports for word in ("--port", port)),
                   *(rooms if options.rooms else [])]

    def write_configuration(self) -> Path:
        """Everything SIGHUP reloads lives in the file; the rest is given by flags."""
        options = self.options
        users = [f"{name}:{password}" for name, password in options.users.items()]
        tables: dict = {"auth": {"users": users, "secrets": options.secrets}, "peers": {"allow": options.allowed_peers}}
        if options.port_range:
            tables["relay"] = {"port_min": options.port_range[0], "port_max": options.port_range[1]}
        for table, keys in options.settings.items():
            tables.setdefault(table, {}).update(keys)
        lines = []
        for table, keys in tables.items():
            lines += [f"[{table}]", *(f"{key} = {toml(value)}" for key, value in keys.items()), ""]
        path = self.directory / "penstock.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def end(self) -> int:
        """The exit code after two SIGTERM: drain, and then at once. Two that come together are one to a process."""
        self.process.signal(signal.SIGTERM)
        wait_until(lambda: not self.process.running() or "draining" in self.log(), 10, "the relay draining")
        self.process.signal(signal.SIGTERM)
        return self.process.wait(10)

    def fetch(self, path: str) -> str:
        """GET on the metrics listener, from inside the relay's own host."""
        with self.host.entered():
            url = f"http://{self.host.ipv4}:{METRICS_PORT}{path}"
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.read().decode()

    def metrics(self) -> list[metrics.Sample]:
        return metrics.parse(self.fetch("/metrics"))

    def sanitized(self) -> bool:
        """Whether it keeps freed memory for AddressSanitizer's sake, so that its size tells little."""
        with open(f"/proc/{self.pid}/maps", encoding="ascii") as maps:
            return "libasan" in maps.read()

    def dropped(self, reason: str) -> float:
        """Packets dropped for that reason so far, over all workers."""
        return metrics.total(self.metrics(), "penstock_packets_dropped_total", reason=reason)

    def _ready(self) -> bool:
        try:
            self.fetch("/readyz")
            return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


class Coturn(Relay):
    """Debian's turnserver. It knows either static users or secrets, so a test asks for one kind at a time."""

    kind = "coturn"

    def _command(self) -> list[str]:
        options, host = self.options, self.host
        command = ["turnserver", "-n", "--no-tls", "--no-dtls", "--no-cli", "--no-rfc5780", "--stale-nonce=600",
                   "--log-file", "stdout", "--pidfile", str(self.directory / "turnserver.pid"),
                   "--userdb", str(self.directory / "turndb"), "-L", host.ipv4, "-L", host.ipv6,
                   "-E", host.ipv4, "-E", host.ipv6, "-p", str(PORT), "-r", REALM, "-m", str(options.workers)]
        if options.secrets:
            command += ["--use-auth-secret", *(f"--static-auth-secret={secret}" for secret in options.secrets)]
        else:
            command += ["--lt-cred-mech", *(f"--user={name}:{key}" for name, key in options.users.items())]
        if options.port_range:
            command += ["--min-port", str(options.port_range[0]), "--max-port", str(options.port_range[1])]
        return command

    def _ready(self) -> bool:
        """It says nothing when it listens, so ask: a Binding request (RFC 8489 section 5) gets an answer."""
        request = bytes.fromhex("000100002112a442") + os.urandom(12)
        with self.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.2)
            try:
                client.sendto(request, (self.host.ipv4, PORT))
                return client.recv(1500)[8:20] == request[8:20]
            except OSError:
                return False


def binary_directory() -> Path:
    directory = Path(os.environ.get("PENSTOCK_BIN") or _REPOSITORY / "build/release/bin").resolve()
    if not (directory / "penstockd").exists():
        raise FileNotFoundError(f"no penstockd in {directory}: build it (./bootstrap build) or set PENSTOCK_BIN.")
    return directory


def start_relay(host: Host, options: RelayOptions) -> Relay:
    kind = chosen_relay()
    return {"penstockd": Penstockd, "coturn": Coturn}[kind](host, options)


def chosen_relay() -> str:
    return os.environ.get("PENSTOCK_E2E_RELAY", "penstockd")


def chosen_port() -> str:
    return os.environ.get("PENSTOCK_E2E_PORT", "uring")


def ephemeral_credential(secret: str, name: str = "ada", lifetime_s: int = 3600) -> tuple[str, str]:
    """(user name, password) as everybody issues them: base64(HMAC-SHA1(secret, "expiry:name"))."""
    user = f"{int(time.time()) + lifetime_s}:{name}"
    digest = hmac.new(secret.encode(), user.encode(), hashlib.sha1).digest()
    return user, base64.b64encode(digest).decode()


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def toml(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return str(value)
