"""What is measured. Each function returns plain data for the JSON report, one entry per server and round."""

import statistics
from contextlib import ExitStack
from dataclasses import dataclass

from .servers import ALL


@dataclass(frozen=True)
class RelayCase:
    allocations: int
    payload_bytes: int
    train: int
    direction: str
    framing: str
    train_as_singles: bool

    @property
    def name(self):
        shape = f"trains of {self.train}" if self.train > 1 else "single packets"
        return f"{shape}, {self.allocations} allocations, {self.payload_bytes} B, {self.direction}"

    def options(self, duration_s):
        options = ["-n", str(self.allocations), "--size", str(self.payload_bytes), "--direction", self.direction,
                   "--framing", self.framing, "--duration", str(duration_s), "--warmup", str(min(0.5, duration_s / 2))]
        if self.train > 1:
            options += ["--train", str(self.train), "--gro"]
        return options + (["--train-as-singles"] if self.train_as_singles else [])


def relay_cases(directions, framing, train_as_singles):
    """Single packets of 50 and 500 allocations in turn, and trains of 16 of one allocation and of 50 in turn."""
    shapes = [(50, 1), (500, 1), (1, 16), (50, 16)]
    return [RelayCase(allocations, payload_bytes, train, direction, framing, train_as_singles and train > 1)
            for allocations, train in shapes for payload_bytes in (100, 1200) for direction in directions]


class Bench:
    """The place, the generator and how long things may take."""

    def __init__(self, generator, make_server, rounds, duration_s, say):
        self.generator, self.make_server = generator, make_server
        self.rounds, self.duration_s, self.say = rounds, duration_s, say

    def _started(self, stack, names):
        running = {name: stack.enter_context(self.make_server(name)) for name in names}
        for server in running.values():
            self.generator.wait_until_ready(server)
        return running

    def relay(self, names, cases):
        """CPU per relayed packet, flat out. All servers are up at the same time, idle but for the one whose turn it
        is; who goes first changes from round to round."""
        takes_part = {case: [name for name in names if case.train > 1 or not ALL[name].for_trains_only]
                      for case in cases}
        reports = {case: {name: [] for name in takes_part[case]} for case in cases}
        for turn in range(self.rounds):
            with ExitStack() as stack:
                running = self._started(stack, names)
                for number, case in enumerate(cases):
                    for name in _rotated(takes_part[case], turn + number):
                        self.say(f"round {turn + 1}/{self.rounds}: {case.name}: {name}")
                        reports[case][name].append(self.generator.run(running[name], case.options(self.duration_s)))
        return [_relay_entry(case, by_name) for case, by_name in reports.items()]

    def allocation(self, names):
        """CPU per cycle of Allocate (401), Allocate, Refresh, Refresh to 0."""
        costs = {name: [] for name in names}
        rates = {name: [] for name in names}
        options = ["--mode", "allocate", "-n", "50000", "--duration", str(self.duration_s)]
        for turn in range(self.rounds):
            for name in _rotated(names, turn):
                self.say(f"round {turn + 1}/{self.rounds}: allocations: {name}")
                with ExitStack() as stack:
                    server = self._started(stack, [name])[name]
                    report = self.generator.run(server, options)
                costs[name].append(report["server_cost"]["cpu_us_per_allocation"])
                rates[name].append(report["allocate"]["cycles_per_second"])
        return {name: {"cpu_us_per_allocation": _summary(costs[name]), "cycles_per_second": _summary(rates[name])}
                for name in names}

    def memory(self, names, allocations):
        """What an idle allocation takes, on a server that has held nothing yet."""
        results = {}
        for name in names:
            self.say(f"memory of {allocations} idle allocations: {name}")
            with ExitStack() as stack:
                server = self._started(stack, [name])[name]
                options = ["--mode", "hold", "-n", str(allocations), "--duration", "3", "--refresh", "1"]
                results[name] = self.generator.run(server, options)["hold"]
        return results

    def drops(self, names, first_pps, factor, steps):
        """Loss at rising rates, until coturn, or whoever is last in `names`, dropped something at three of them."""
        table = []
        for step in range(steps):
            rate_pps = round(first_pps * factor**step)
            entry = {"rate_pps": rate_pps, "loss_ratio": {}, "receive_drops": {}}
            with ExitStack() as stack:
                running = self._started(stack, names)
                for name in names:
                    self.say(f"loss at {rate_pps} packets/s: {name}")
                    options = ["-n", "50", "--size", "1200", "--rate", str(rate_pps),
                               "--duration", str(self.duration_s)]
                    reports = [self.generator.run(running[name], options) for _ in range(3)]
                    entry["loss_ratio"][name] = _median(reports, lambda r: r["relay"]["to_peer"]["loss_ratio"])
                    entry["receive_drops"][name] = _median(reports, lambda r: r["server_cost"]["receive_drops"])
            table.append(entry)
            if sum(entry["receive_drops"][names[-1]] > 0 for entry in table) == 3:
                break
        return table


def _relay_entry(case, by_name):
    return {
        "case": case.name,
        "allocations": case.allocations,
        "payload_bytes": case.payload_bytes,
        "train": case.train,
        "direction": case.direction,
        "framing": case.framing,
        "train_as_singles": case.train_as_singles,
        "servers": {name: _relay_summary(case, reports) for name, reports in by_name.items()},
    }


def _relay_summary(case, reports):
    lane = "to_client" if case.direction == "to-client" else "to_peer"
    return {
        "cpu_us_per_packet": _summary([r["server_cost"]["cpu_us_per_packet"] for r in reports]),
        "delivered_pps": _summary([r["relay"][lane]["delivered_pps"] for r in reports]),
        "loss_ratio": _median(reports, lambda r: r["relay"][lane]["loss_ratio"]),
        "utilisation": _median(reports, lambda r: r["server_cost"]["utilisation"]),
        "sleeps_per_second": _median(reports, lambda r: r["server_cost"]["sleeps_per_second"]),
    }


def _summary(values):
    return {"median": statistics.median(values), "values": values}


def _median(reports, value_of):
    return statistics.median(value_of(report) for report in reports)


def _rotated(names, by):
    by %= len(names)
    return names[by:] + names[:by]
