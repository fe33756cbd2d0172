"""The two ends under comparison, on the same memif link, core and pool: penstockd, and testpmd's macswap."""

import re
import subprocess
import time

from . import host

USER, PASSWORD = "u", "p"
GATEWAY = "10.0.0.2"
RELAY = "10.0.0.1"
SECOND_RELAY = "10.0.0.3"  # one address has 64,512 ports for 65,536 allocations
METRICS = "127.0.0.1:9641"
PACKETS = 16384  # of the pool, receive and transmit rings included
DESCRIPTORS = 1024


class Server:
    """`with` starts and stops it; then `endpoint` is where the generator's end of the link goes."""

    name = ""

    def __init__(self, place, options, huge_pages):
        self.place, self.options, self.huge_pages = place, options, huge_pages
        self.process = None
        self._scratch = None

    def __enter__(self):
        self._scratch = host.scratch()
        cpus = [self.options.relay_cpu, self.options.load_cpu]  # its worker pins itself
        with open(self._log, "wb") as log:
            self.process = host.popen(self.place.inside(self.command()), cpus, stdin=subprocess.PIPE, stdout=log,
                                      stderr=subprocess.STDOUT, cwd=self._scratch.name, text=True)
        try:
            self._wait_for(lambda: host.Path(self._socket).exists(), "offers no memif socket")
            self.started()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        host.stop(self.process)
        self._scratch.cleanup()

    def command(self):
        raise NotImplementedError

    def started(self):
        pass

    def measuring(self, duration_s):
        """Called when the generator's interval begins; must return within it."""

    def load_options(self):
        """For frame_load."""
        raise NotImplementedError

    def cost(self, report):
        """Out of frame_load's report, or of what the server itself said."""
        raise NotImplementedError

    @property
    def device(self):
        return f"net_memif,role=client,id=0,socket={self._socket},socket-abstract=no"

    def complaint(self):
        return "\n".join(self._said().splitlines()[-8:])

    @property
    def _socket(self):
        return f"{self._scratch.name}/m"

    @property
    def _log(self):
        return f"{self._scratch.name}/log"

    def _said(self):
        with open(self._log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def _wait_for(self, condition, complaint, patience_s=20):
        deadline = time.monotonic() + patience_s
        while not condition():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.complaint()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} {complaint}:\n{self.complaint()}")
            time.sleep(0.02)


class Penstock(Server):
    name = "penstock"

    def command(self):
        device = (f"dpdk:net_memif,role=server,id=0,socket={self._socket},socket-abstract=no"
                  f";address={RELAY}/24;address={SECOND_RELAY}/24;gateway={GATEWAY}")
        return [f"{self.options.bin_dir}/penstockd", "--port", device, "--listen", f"{RELAY}:3478",
                "--relay", RELAY, "--relay", SECOND_RELAY, "--port-min", "1024", "--port-max", "65535",
                "--user", f"{USER}:{PASSWORD}", "--allow-peer", "10.0.0.0/8", "--workers", "1",
                "--core", str(self.options.relay_cpu), "--drain-deadline", "0", "--metrics", METRICS,
                "--set", f"dataplane.packets={PACKETS - 2 * DESCRIPTORS}", "--set", f"dpdk.descriptors={DESCRIPTORS}",
                "--set", f"dpdk.huge_pages={'on' if self.huge_pages else 'off'}"]

    def started(self):
        self._wait_for(lambda: " ready " in self._said(), "does not get ready")

    def load_options(self):
        return ["--mode", "relay", "--server", f"{RELAY}:3478", "--gateway", GATEWAY, "--user", USER,
                "--password", PASSWORD, "--metrics", f"http://{METRICS}/metrics"]

    def cost(self, report):
        return report["server_cost"]


class Macswap(Server):
    """dpdk-testpmd: receives, swaps the MAC addresses, sends. The least that a forwarder on this link can do."""

    name = "macswap"

    def vdev(self):
        return f"net_memif0,role=server,id=0,socket={self._socket},socket-abstract=no"

    def command(self):
        memory = ["--in-memory"] if self.huge_pages else ["--no-huge", "--no-shconf"]
        return ["stdbuf", "-oL", "dpdk-testpmd", "--lcores", f"0@{self.options.load_cpu},1@{self.options.relay_cpu}", *memory, "-m", "256",
                "--no-pci", "--no-telemetry", "--vdev", self.vdev(), "--", "--interactive",
                f"--forward-mode={self.forward_mode}", "--record-core-cycles", "--record-burst-stats", "--disable-link-check",
                "--nb-cores=1", f"--total-num-mbufs={PACKETS}", f"--rxd={DESCRIPTORS}", f"--txd={DESCRIPTORS}",
                f"--txpkts={self.packet_bytes}"]

    start_command = "start"
    forward_mode = "macswap"
    packet_bytes = 146

    def started(self):
        self._wait_for(lambda: "testpmd>" in self._said(), "has no prompt")
        self._say(self.start_command)

    def measuring(self, duration_s):
        self._say("clear fwd stats all")
        time.sleep(0.8 * duration_s)
        self._say("show fwd stats all")
        self._wait_for(lambda: "CPU cycles/packet=" in self._said(), "shows no statistics", duration_s)

    def load_options(self):
        return ["--mode", "reflect"]

    def cost(self, _report=None):
        cycles, packets, mhz = re.findall(r"CPU cycles/packet=[\d.]+ \(total cycles=(\d+) / .* packets=(\d+)\) at (\d+)",
                                          self._said())[0]
        cycles_per_packet = int(cycles) / int(packets)
        return {"cycles_per_packet": round(cycles_per_packet, 3),
                "mpps_per_cpu_second": round(int(mhz) / cycles_per_packet, 3), "bursts": self._bursts()}

    def _bursts(self):
        """How full its polls were, in its own words."""
        found = re.findall(r"RX-bursts : \d+ \[(.*)\]", self._said())
        return found[0] if found else ""

    def _say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()


class RoomRelay(Penstock):
    """The relay with rooms, for many viewers of one track."""

    API = "127.0.0.1:8080"

    def command(self):
        return [*super().command(), "--http", self.API, "--set", "media.endpoints=8192"]

    def load_options(self):
        return ["--relay", RELAY, "--gateway", GATEWAY, "--api", f"http://{self.API}",
                "--metrics", f"http://{METRICS}/metrics"]


class Transmitter(Macswap):
    """testpmd's txonly: makes up packets and sends them, as fast as it can. The least that a sender on this link can do."""

    name = "txonly"
    forward_mode = "txonly"

    def __init__(self, frame_bytes, *arguments):
        super().__init__(*arguments)
        self.packet_bytes = frame_bytes

    def load_options(self):
        return ["--mode", "drain"]

    def cost(self, _report=None):
        """Sent and dropped packets of the interval, and the cycles that both took."""
        said = self._said()
        cycles = int(re.findall(r"total cycles=(\d+)", said)[0])
        sent, dropped = map(int, re.findall(r"TX-packets: (\d+)\s+TX-dropped: (\d+)", said)[-1])
        return {"cycles": cycles, "sent": sent, "dropped": dropped}


class MacswapAlone(Macswap):
    """macswap without a far end: on a ring that gives back what was sent, or on a device that makes packets up."""

    start_command = "start tx_first 8"

    def __init__(self, device, *arguments):
        super().__init__(*arguments)
        self._device = device

    def vdev(self):
        host.Path(self._socket).touch()  # nobody will come
        return self._device
