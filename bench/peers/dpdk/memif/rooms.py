"""The part `rooms`: what a copy of a published packet costs over memif, beside the same without a link and beside what
testpmd's txonly spends on a packet of the same size."""

import json
import statistics
import subprocess

from . import host
from .servers import RoomRelay, Transmitter

HEADERS = 42  # Ethernet, IPv4, UDP
FORWARDED = 28 + 16  # RTP with MID and two extensions; the tag of AES-GCM
BURST = 8  # packets published at once: a video frame
SLOW_DRAIN_US = 100
MEMORY_SUBSCRIBERS = (1, 10, 100, 1000, 5000)  # that fan_out_bench knows


class Rooms:
    def __init__(self, place, generator, options, huge_pages, say):
        self.place, self.generator, self.options = place, generator, options
        self.huge_pages, self.say = huge_pages, say

    def measure(self):
        relay, txonly, memory = {}, {}, {}
        for turn in range(self.options.rounds):
            for size in self.options.sizes:
                self.say(f"rooms, round {turn + 1}/{self.options.rounds}: {size} B: txonly")
                txonly.setdefault(size, []).append(self._transmit(size))
                for viewers in self.options.viewers:
                    self.say(f"rooms, round {turn + 1}/{self.options.rounds}: {size} B, {viewers} viewers: penstock")
                    relay.setdefault((size, viewers), []).append(self._relay(size, viewers))
                    if viewers in MEMORY_SUBSCRIBERS:
                        memory.setdefault((size, viewers), []).append(self._memory(size, viewers))
        return [self._entry(size, viewers, relay, txonly, memory)
                for size in self.options.sizes for viewers in self.options.viewers]

    def _relay(self, size, viewers):
        with RoomRelay(self.place, self.options, self.huge_pages) as server:
            report = self.generator.rooms(server, self.options.duration, *server.load_options(), "--viewers", viewers,
                                          "--size", size, "--burst", BURST, "--frame", BURST)
        _check(report)
        return report

    def _transmit(self, size):
        """Cycles per packet sent, txonly. What it could not send cost cycles, too: two drains, a quick and a slow one,
        make two equations, cycles = sent * x + dropped * y."""
        quick, slow = (self._transmit_to(size, pause_us) for pause_us in (0, SLOW_DRAIN_US))
        determinant = quick["sent"] * slow["dropped"] - slow["sent"] * quick["dropped"]
        if determinant <= 0:
            raise RuntimeError(f"txonly: the slow drain was none: {quick}, {slow}")
        return (quick["cycles"] * slow["dropped"] - slow["cycles"] * quick["dropped"]) / determinant

    def _transmit_to(self, size, pause_us):
        with Transmitter(HEADERS + FORWARDED + size, self.place, self.options, self.huge_pages) as server:
            self.generator.rooms(server, self.options.duration, *server.load_options(), "--drain-pause", pause_us)
            return server.cost()

    def _memory(self, size, viewers):
        """The same fan-out fed and drained by memory, in nanoseconds of CPU time per copy."""
        command = [f"{self.options.bin_dir}/fan_out_bench",
                   f"--benchmark_filter=^fan_out/gcm128/payload:{size}/burst:{BURST}/subscribers:{viewers}/",
                   "--benchmark_format=json", f"--benchmark_min_time={min(0.5, self.options.duration)}"]
        process = host.popen(command, [self.options.relay_cpu], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
        out, err = process.communicate(timeout=120)
        runs = json.loads(out)["benchmarks"] if process.returncode == 0 else []
        if not runs or "ns_output" not in runs[0]:
            raise RuntimeError(f"{' '.join(command)}\n{err.strip()}")
        return runs[0]["ns_output"]

    def _entry(self, size, viewers, relay, txonly, memory):
        reports = relay[size, viewers]
        costs = [report["server_cost"] for report in reports]
        entry = {"payload_bytes": size, "viewers": viewers,
                 "penstock": {"cycles_per_packet": _summary(cost["cycles_per_packet"] for cost in costs),
                              "stage_cycles_per_packet": {
                                  stage: _median(cost["stage_cycles_per_packet"][stage] for cost in costs)
                                  for stage in costs[0]["stage_cycles_per_packet"]},
                              "delivered_pps": _median(report["traffic"]["delivered_pps"] for report in reports),
                              "loss_ratio": _median(report["traffic"]["loss_ratio"] for report in reports),
                              "busy_ratio": _median(cost["busy_ratio"] for cost in costs),
                              "packets_per_busy_pass": _median(cost["packets_per_busy_pass"] for cost in costs),
                              "dropped": costs[-1]["dropped"],
                              "generator_busy_ratio": _median(r["generator"]["busy_ratio"] for r in reports),
                              "latency_us": reports[-1]["latency_us"]},
                 "txonly": {"cycles_per_packet": _summary(txonly[size])}}
        if ns := memory.get((size, viewers)):
            entry["memory"] = {"cycles_per_packet": _summary(n * costs[0]["tsc_mhz"] / 1000 for n in ns)}
            entry["added_cycles_per_packet"] = round(_added(entry), 1)
            entry["ratio"] = round(_added(entry) / entry["txonly"]["cycles_per_packet"]["median"], 2)
        return entry


def _added(entry):
    """What sending over the link adds to the fan-out: txonly does not receive, so what the relay spends on that is left
    out."""
    relay = entry["penstock"]
    return (relay["cycles_per_packet"]["median"] - relay["stage_cycles_per_packet"].get("receive", 0)
            - entry["memory"]["cycles_per_packet"]["median"])


def _check(report):
    """A figure of packets that went astray is none."""
    traffic = report["traffic"]
    if traffic["delivered_pps"] == 0 or any(traffic[key] for key in ("misdelivered", "malformed", "damaged", "duplicated")):
        raise RuntimeError(f"rooms: nothing came, or not what was published: {json.dumps(traffic)}")


def _summary(values):
    values = [round(value, 1) for value in values]
    return {"median": _median(values), "values": values}


def _median(values):
    return statistics.median(values)
