"""What is measured. Each part returns plain data for the JSON report."""

import json
import statistics
import subprocess
import time

from . import host
from .servers import Macswap, MacswapAlone, Penstock

SERVERS = (Penstock, Macswap)
LATENCY = ("p50", "p99", "p999", "max")


class Parts:
    """A run's place, generator and options."""

    def __init__(self, place, generator, options, huge_pages, say):
        self.place, self.generator, self.options = place, generator, options
        self.huge_pages, self.say = huge_pages, say

    def cost(self):
        """Cycles per packet, flat out, in turns: who goes first changes from round to round."""
        reports = {}
        for turn in range(self.options.rounds):
            for payload_bytes in self.options.sizes:
                for kind in SERVERS if turn % 2 == 0 else reversed(SERVERS):
                    self.say(f"round {turn + 1}/{self.options.rounds}: {payload_bytes} B: {kind.name}")
                    reports.setdefault((payload_bytes, kind.name), []).append(self._once(kind, payload_bytes))
        return [self._cost_entry(size, reports) for size in self.options.sizes]

    def _once(self, kind, payload_bytes, **load):
        with kind(self.place, self.options, self.huge_pages) as server:
            report = self.generator.run(server, payload_bytes, **load)
            report["server_cost"] = server.cost(report)
        _check(report, kind.name)
        return report

    def _cost_entry(self, payload_bytes, reports):
        entry = {"payload_bytes": payload_bytes, "flows": self.options.flows}
        for kind in SERVERS:
            entry[kind.name] = _cost_summary(reports[payload_bytes, kind.name])
        entry["ratio"] = round(entry["penstock"]["cycles_per_packet"]["median"]
                               / entry["macswap"]["cycles_per_packet"]["median"], 3)
        return entry

    def latency(self, saturated_pps):
        """One way across the link and back, at half of what the relay carries; macswap at the same rate. The control:
        a loop on either core that only looks at the clock."""
        entries = []
        for payload_bytes in self.options.sizes:
            rate_pps = round(0.5 * saturated_pps[payload_bytes])
            entry = {"payload_bytes": payload_bytes, "rate_pps": rate_pps}
            for kind in SERVERS:
                self.say(f"latency at {rate_pps / 1e6:.2f} Mpps: {payload_bytes} B: {kind.name}")
                reports = [self._once(kind, payload_bytes, rate_pps=rate_pps, duration_s=self.options.duration)
                           for _ in range(self.options.rounds)]
                entry[kind.name] = {key: _median(r["latency_us"][key] for r in reports) for key in LATENCY}
                entry[kind.name]["sent_pps"] = _median(r["traffic"]["sent_pps"] for r in reports)
                entry[kind.name]["loss_ratio"] = _median(r["traffic"]["loss_ratio"] for r in reports)
            entries.append(entry)
        spins = {}
        for what, cpu in (("relay_core", self.options.relay_cpu), ("generator_core", self.options.load_cpu)):
            self.say(f"a bare spin on core {cpu}")
            spin = self.generator.spin(cpu, self.options.duration)
            spins[what] = {**spin["lateness_us"], "pauses_over_10us": spin["pauses_over_10us"]}
        return {"loads": entries, "spin": spins}

    def memory(self):
        """Without a link: the service fed by memory_port with distinct flows, and macswap on rings and made-up packets."""
        self.say(f"channel_data_bench, {self.options.flows} flows")
        flows = 65536 if self.options.flows >= 65536 else 1024
        command = [f"{self.options.bin_dir}/channel_data_bench", f"--benchmark_filter=channel.*/{flows}$",
                   "--benchmark_format=json", f"--benchmark_repetitions={self.options.rounds}",
                   f"--benchmark_min_time={min(0.5, self.options.duration)}"]
        process = host.popen(command, [self.options.relay_cpu], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = process.communicate(timeout=120)
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{err.strip()}")
        found = {"flows": flows}
        runs = [run for run in json.loads(out)["benchmarks"] if run["run_type"] == "iteration"]
        for name in sorted({run["run_name"].split("/")[0] for run in runs}):
            mine = [run for run in runs if run["run_name"].startswith(name + "/")]
            found[name] = {key: _median(run[key] for run in mine)
                           for key in ("ns_per_packet", "classify_ns", "service_ns", "mpps_per_cpu_second")}
        for name, device in (("macswap_net_ring", "net_ring0"), ("macswap_net_null", "net_null0,size=146,copy=1")):
            self.say(f"testpmd macswap on {device}")
            with MacswapAlone(device, self.place, self.options, self.huge_pages) as server:
                time.sleep(0.3)
                server.measuring(self.options.duration)
                found[name] = server.cost()
        return found

    def coturn(self):
        """The same payloads through coturn, over loopback, as bench/peers/turn/run measures it."""
        from comparison import measurements, place, servers
        from comparison.generator import Generator

        if why := servers.missing("coturn", self.options.bin_dir):
            raise RuntimeError(why)
        where = place.Loopback()
        options = self.options
        generator = Generator(where, options.bin_dir, options.load_cpu, True)
        bench = measurements.Bench(
            generator, lambda name: servers.ALL[name](where, options.bin_dir, options.relay_cpu, True),
            options.rounds, min(1.0, options.duration), self.say)
        cases = [measurements.RelayCase(500, size, 1, direction, "channel", False)
                 for size in options.sizes for direction in ("to-peer", "to-client")]
        entries = []
        for case, entry in zip(cases, bench.relay(["coturn"], cases)):
            cpu_us = entry["servers"]["coturn"]["cpu_us_per_packet"]["median"]
            entries.append({"payload_bytes": case.payload_bytes, "direction": case.direction,
                            "cpu_us_per_packet": cpu_us, "mpps_per_cpu_second": round(1 / cpu_us, 4)})
        return entries


def _check(report, name):
    """A figure of packets that went astray is none."""
    traffic = report["traffic"]
    if traffic["delivered_pps"] == 0 or traffic["misdelivered"] or traffic["damaged"] or traffic["duplicated"]:
        raise RuntimeError(f"{name}: nothing came back, or not what was sent: {json.dumps(traffic)}")


def _cost_summary(reports):
    costs = [report["server_cost"] for report in reports]
    summary = {
        "cycles_per_packet": _summary(cost["cycles_per_packet"] for cost in costs),
        "mpps_per_cpu_second": _median(cost["mpps_per_cpu_second"] for cost in costs),
        "delivered_pps": _median(report["traffic"]["delivered_pps"] for report in reports),
        "loss_ratio": _median(report["traffic"]["loss_ratio"] for report in reports),
        "generator_busy_ratio": _median(report["generator"]["busy_ratio"] for report in reports),
    }
    if "stage_cycles_per_packet" in costs[0]:
        summary["stage_cycles_per_packet"] = {
            stage: _median(cost["stage_cycles_per_packet"][stage] for cost in costs)
            for stage in costs[0]["stage_cycles_per_packet"]}
        for key in ("packets_per_busy_pass", "busy_ratio"):
            summary[key] = _median(cost[key] for cost in costs)
        summary["dropped"] = costs[-1]["dropped"]
        summary["allocations_per_second"] = _median(r["setup"]["allocations_per_second"] for r in reports)
    else:
        summary["bursts"] = costs[-1]["bursts"]
    return summary


def _summary(values):
    values = list(values)
    return {"median": statistics.median(values), "values": values}


def _median(values):
    return statistics.median(values)
