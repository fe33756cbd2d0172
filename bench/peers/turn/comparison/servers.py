"""The servers under comparison: how each is started, and how turn_load has to address it."""

import itertools
import shutil
import subprocess
import tempfile

from . import pinned

USER, PASSWORD = "u", "p"
MOST_CLIENTS = 500  # of bare_forwarder, whose sockets exist from the start
# Ports of ours: outside the ephemeral range (32768-60999) and every server's relayed ports.
PEER_PORT = 4990
CLIENT_PORT = 9990
_fresh_client_port = itertools.cycle(range(8000, 9900))


class Server:
    """One program; `with` starts and stops it. Subclasses say how."""

    name = ""
    is_turn = True
    by_default = True
    for_trains_only = False
    port = 3478

    def __init__(self, place, bin_dir, cpu, first_in_line):
        self.place, self.bin_dir = place, bin_dir
        self._cpu, self._first_in_line = cpu, first_in_line
        self.process = None
        self._scratch = None

    def command(self, scratch):
        raise NotImplementedError

    def load_options(self):
        # New ports for every run: a server may hold on to the last run's clients (coturn does, for a second).
        addresses = self.place.addresses
        client = f"{addresses.clients}:{next(_fresh_client_port)}"
        return ["--user", USER, "--password", PASSWORD, "--client", client, "--peer", addresses.peer]

    def version(self):
        return ""

    @property
    def pid(self):
        return self.process.pid

    @property
    def endpoint(self):
        return f"{self.place.addresses.server}:{self.port}"

    def __enter__(self):
        self._scratch = tempfile.TemporaryDirectory()
        scratch = self._scratch.name
        with open(f"{scratch}/log", "wb") as log:
            self.process = pinned.popen(self.place.at_server(self.command(scratch)), self._cpu, self._first_in_line,
                                        stdout=log, stderr=subprocess.STDOUT, cwd=scratch)
        return self

    def __exit__(self, *_):
        pinned.stop(self.process)
        self._scratch.cleanup()

    def complaint(self):
        """The end of what it printed, for an error message."""
        with open(f"{self._scratch.name}/log", encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-8:]).strip()


class Penstock(Server):
    name = "penstock"

    def command(self, scratch):
        addresses = self.place.addresses
        return [f"{self.bin_dir}/penstockd", "--listen", self.endpoint, "--user", f"{USER}:{PASSWORD}",
                "--allow-peer", addresses.allowed_peers, "--workers", "1", "--drain-deadline", "0", "--metrics", ""]

    def version(self):
        return _first_line([f"{self.bin_dir}/penstockd", "--version"])


class Coturn(Server):
    """Debian's, without the listeners it is not asked for, without logs, with one relay thread for the one core."""

    name = "coturn"
    port = 3488

    def command(self, scratch):
        addresses = self.place.addresses
        return ["turnserver", "-n", "-L", addresses.server, "-E", addresses.server, "-p", str(self.port), "-m", "1",
                "-a", "-u", f"{USER}:{PASSWORD}", "-r", "bench", "--allow-loopback-peers",
                "--no-tls", "--no-dtls", "--no-tcp", "--no-tcp-relay", "--no-cli", "--no-multicast-peers",
                "--no-rfc5780", "--no-software-attribute", "--log-file", "/dev/null", "--no-stdout-log",
                "--simple-log", "--userdb", f"{scratch}/turndb", "--pidfile", f"{scratch}/pid"]

    def version(self):
        return _first_line(["dpkg-query", "-W", "-f", "${Version}\\n", "coturn"])


class Bare(Server):
    name = "bare"
    is_turn = False
    port = 3498
    relay_port = 5000
    extra = ()

    def command(self, scratch):
        addresses = self.place.addresses
        return [f"{self.bin_dir}/bare_forwarder", "--listen", self.endpoint,
                "--client", f"{addresses.clients}:{CLIENT_PORT}", "--clients", str(MOST_CLIENTS),
                "--client-addresses", str(MOST_CLIENTS), "--relay", f"{addresses.server}:{self.relay_port}",
                "--peer", f"{addresses.peer}:{PEER_PORT}", *self.extra]

    def load_options(self):
        addresses = self.place.addresses
        return ["--bare-port", str(self.relay_port), "--client", f"{addresses.clients}:{CLIENT_PORT}",
                "--peer", f"{addresses.peer}:{PEER_PORT}"]


class BareTrains(Bare):
    """Trains received whole (UDP_GRO), gathered from what came singly, and sent on whole (UDP_SEGMENT)."""

    name = "bare_trains"
    for_trains_only = True
    port = 3499
    relay_port = 6000
    extra = ("--trains",)


class BareShared(Bare):
    """One relay socket for everybody."""

    name = "bare_shared"
    by_default = False
    port = 3500
    relay_port = 7000
    extra = ("--shared-relay",)


ALL = {server.name: server for server in (Penstock, Bare, BareTrains, BareShared, Coturn)}


def missing(name, bin_dir):
    """Why a server cannot be compared here, or nothing."""
    if name == "coturn":
        return None if shutil.which("turnserver") else "turnserver is not installed (apt-get install coturn)"
    program = "penstockd" if name == "penstock" else "bare_forwarder"
    if shutil.which(f"{bin_dir}/{program}"):
        return None
    return f"{bin_dir}/{program} is not built (cmake --preset release && cmake --build --preset release)"


def _first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split("\n")[0]
    except OSError:
        return ""
