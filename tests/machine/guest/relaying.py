"""The relay on one device: it is started as an operator would, and asked for everything at once."""

import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from testbed import metrics, uclient
from testbed.process import Process, wait_until
from testbed.relay import toml

import cable
import pinging
import place
from report import Case, Report

USER, PASSWORD, REALM = "ada", "correct horse", "machine.test"
PORT, METRICS_PORT = 3478, 9641

# On this emulated processor a packet costs a hundred times what it should: few clients, at uclient's own pace.
MODES = {
    "channels": ["-e", place.PEER.ipv4, "-m", "2", "-n", "50"],
    "send indications": ["-s", "-e", place.PEER.ipv4, "-m", "2", "-n", "50"],
    "client to client": ["-y", "-m", "2", "-n", "50"],
    "ipv6 relay, ipv6 client": ["-x", "-e", place.PEER.ipv6, "-n", "50", f"server={place.RELAY.ipv6}"],
    "ipv4 relay, ipv6 client": ["-X", "-e", place.PEER.ipv4, "-n", "50", f"server={place.RELAY.ipv6}"],
    "full datagram": ["-e", place.PEER.ipv4, "-l", "1400", "-n", "50"],
}


# What systemd/dpdk-pci.conf leaves a service.
_AS_SERVICE = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all,+net_admin",
               "--inh-caps=-all,+net_admin", "--ambient-caps=-all,+net_admin", "--no-new-privs", "--"]


@dataclass(frozen=True)
class Setup:
    """How penstockd is started. `dataplane`: its table of that name; `as_service`: as the unit would, not as root."""

    bin_dir: Path
    dataplane: dict
    workers: int = 1
    as_service: bool = False
    cable: str | None = None  # QEMU's name of the device whose cable is pulled on the way


class Relay:
    """penstockd; `with` ends it."""

    def __init__(self, setup: Setup):
        self.setup = setup
        self.directory = Path(tempfile.mkdtemp(prefix="penstock-machine-"))
        self.directory.chmod(0o755)
        privileges = _AS_SERVICE if setup.as_service else []
        self.process = Process(place.RELAY, *privileges, str(setup.bin_dir / "penstockd"),
                               "--config", str(self._configure()), "--workers", str(setup.workers))

    def wait_until_ready(self) -> None:
        try:
            wait_until(self._ready, 180, "penstockd ready", every_s=0.2)
        except (TimeoutError, RuntimeError) as error:
            raise RuntimeError(f"{error}: {self.last_words()}") from None

    def _configure(self) -> Path:
        tables = {
            "listen": {"addresses": [f"{place.RELAY.ipv4}:{PORT}", f"[{place.RELAY.ipv6}]:{PORT}"]},
            "auth": {"realm": REALM, "users": [f"{USER}:{PASSWORD}"]},
            "peers": {"allow": [*place.SEGMENT, *place.BEHIND_GATEWAY]},
            "metrics": {"listen": f"{place.RELAY.ipv4}:{METRICS_PORT}"},
            "dataplane": self.setup.dataplane | {"allocations": 1024, "permissions": 4096, "channels": 2048},
        }
        lines = []
        for table, keys in tables.items():
            lines += [f"[{table}]", *(f"{key} = {toml(value)}" for key, value in keys.items()), ""]
        path = self.directory / "penstock.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def _ready(self) -> bool:
        if not self.process.running():
            raise RuntimeError("penstockd ended at start")
        try:
            self.fetch(place.RELAY, "/readyz")
            return True
        except (urllib.error.URLError, OSError):
            return False

    def last_words(self) -> str:
        lines = [line for line in self.process.output().splitlines() if line.strip()]
        return lines[-1] if lines else "it said nothing"

    @staticmethod
    def fetch(host, path: str) -> str:
        """GET on the metrics listener from inside `host`: from the client's it crosses the device under test."""
        with host.entered():
            with urllib.request.urlopen(f"http://{place.RELAY.ipv4}:{METRICS_PORT}{path}", timeout=10) as response:
                return response.read().decode()

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess:
        command = place.RELAY.command(str(self.setup.bin_dir / "penstockctl"), *arguments, "--metrics",
                                      f"{place.RELAY.ipv4}:{METRICS_PORT}")
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    def end(self) -> int:
        """The exit code after two SIGTERM: drain, and then at once."""
        for _ in range(2):
            self.process.signal(signal.SIGTERM)
            time.sleep(0.2)
        return self.process.wait(30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stop()


def run(report: Report, case: Case, setup: Setup) -> None:
    with Relay(setup) as relay:
        try:
            relay.wait_until_ready()
            _ask_everything(case, relay)
            if setup.cable:
                cable.pull_and_plug(case, relay, setup.cable, (USER, PASSWORD))
                case.check("packets balance after it", *_balance(relay))
            _note_facts(report, case, relay)
            code = relay.end()
            case.check("ends cleanly", code == 0, "" if code == 0 else f"exit code {code}: {relay.last_words()}")
        finally:
            report.log(case, "penstockd", relay.process.output())


def _ask_everything(case: Case, relay: Relay) -> None:
    for family, address in (("IPv4", place.RELAY.ipv4), ("IPv6", place.RELAY.ipv6)):
        unanswered = pinging.lost(place.CLIENT, address)
        case.check(f"ping {family}", unanswered == 0, f"{unanswered} of 5 lost")
    with Process(place.PEER, "turnutils_peer", "-L", place.PEER.ipv4, "-L", place.PEER.ipv6), \
            pinging.Meanwhile(place.CLIENT, place.RELAY.ipv4) as ping:
        verdicts = uclient.run_all(place.CLIENT, place.RELAY.ipv4, USER, PASSWORD, MODES, timeout_s=120)
    for mode, verdict in verdicts.items():
        detail = f"sent {verdict.sent}, received {verdict.received}, lost {verdict.lost}"
        case.check(mode, verdict.perfect, detail if verdict.perfect else f"{detail}\n{verdict.output[-1500:]}")
    # The last one may have been under way.
    case.check("ping under load", ping.sent > 1 and ping.lost <= 1, f"{ping.lost} of {ping.sent} lost")
    try:
        through_device = relay.fetch(place.CLIENT, "/healthz")
        case.check("HTTP", True, through_device.strip())
    except OSError as error:
        case.check("HTTP", False, str(error))
    case.check("packets balance", *_balance(relay))


def _balance(relay: Relay) -> tuple[bool, str]:
    """The packet equation, tried for a while: clients that have just ended leave packets in flight."""
    for _ in range(20):
        imbalance = metrics.imbalance(metrics.parse(relay.fetch(place.RELAY, "/metrics")))
        if not any(imbalance.values()):
            return True, ""
        time.sleep(0.5)
    return False, str(imbalance)


def _note_facts(report: Report, case: Case, relay: Relay) -> None:
    """What the daemon says about its ports, kept whole in logs and in short in the table."""
    text = relay.fetch(place.RELAY, "/metrics")
    report.log(case, "metrics", text)
    status = relay.ctl("status")
    report.log(case, "status", status.stdout + status.stderr)
    case.check("penstockctl status", status.returncode == 0, status.stderr)
    if relay.setup.dataplane["ports"] != ["uring"]:
        ports = relay.ctl("ports")
        report.log(case, "ports", ports.stdout + ports.stderr)
        case.check("penstockctl ports", ports.returncode == 0 and bool(ports.stdout), ports.stderr)
        _note_device(case, metrics.parse(text))


def _note_device(case: Case, samples: list[metrics.Sample]) -> None:
    device = next((sample.labels for sample in samples if sample.name == "penstock_device_info"), {})
    if not case.check("metrics name the device", bool(device)):
        return
    queues = int(metrics.total(samples, "penstock_device_queues", direction="receive"))
    received = int(metrics.total(samples, "penstock_device_received_frames_total"))
    lost = {name: int(metrics.total(samples, f"penstock_device_{name}_total")) for name in
            ("missed", "no_packet", "receive_errors", "send_errors")}
    case.facts |= {"driver": device["driver"], "steering": device["steering"], "queues": str(queues),
                   "handed over": str(int(metrics.total(samples, "penstock_steering_handed_over_total"))),
                   "offloads": device["offloads"].replace(",", " ") or "none", "frames": str(received)}
    case.check("device loses nothing", not any(lost.values()), "" if not any(lost.values()) else str(lost))
