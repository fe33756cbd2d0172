"""What is measured. Plain data for the JSON report, one entry per case, with every server's rounds."""

import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    publishers: int
    receivers_each: int
    packets: int
    packet_bytes: int
    frames_per_second: float

    @property
    def name(self):
        rooms = "1 room" if self.publishers == 1 else f"{self.publishers} rooms"
        return f"{rooms}, 1 to {self.receivers_each}"

    @property
    def output_pps(self):
        return self.publishers * self.receivers_each * self.packets * self.frames_per_second


def cases(receivers, rooms_for, packets, packet_bytes, frames_per_second):
    """One room of every size; and, for small rooms, as many of them as make `rooms_for` receivers in all."""
    sizes = [(1, each) for each in receivers] + [(rooms_for // each, each) for each in receivers if each < rooms_for]
    return [Case(publishers, each, packets, packet_bytes, frames_per_second) for publishers, each in sizes]


class Bench:
    def __init__(self, make_server, make_media, rounds, duration_s, say):
        self.make_server, self.make_media = make_server, make_media
        self.rounds, self.duration_s, self.say = rounds, duration_s, say
        self.errors = []

    def fan_out(self, names, all_cases):
        """CPU per packet that receivers got. Servers take turns, each started afresh; who begins changes."""
        entries = []
        for number, case in enumerate(all_cases):
            reports = {name: [] for name in names}
            for turn in range(self.rounds):
                for name in _rotated(names, turn + number):
                    self.say(f"{case.name}: round {turn + 1}/{self.rounds}: {name}")
                    try:
                        reports[name].append(self._measure(name, case))
                    except (RuntimeError, OSError) as error:  # the others may still tell something
                        self.errors.append(f"{case.name}: {name}: {error}")
            entries.append(_entry(case, {name: found for name, found in reports.items() if found}))
        return entries

    def _measure(self, name, case):
        with self.make_media() as media, self.make_server(name) as server:
            server.connect(media, case)
            media.say("wait", seconds=30)
            report = media.say("run", server_pid=server.pid, frames_per_second=case.frames_per_second, warmup=0.5,
                               duration=self.duration_s)
            if "cpu_us_per_packet" not in report:
                raise RuntimeError(f"no packet came through\n{server.complaint()}")
            return {**report, "server": server.findings()}


def _entry(case, by_name):
    return {"case": case.name, "publishers": case.publishers, "receivers_each": case.receivers_each,
            "packets_per_frame": case.packets, "packet_bytes": case.packet_bytes,
            "frames_per_second": case.frames_per_second, "offered_pps": case.output_pps,
            "servers": {name: _summary(reports) for name, reports in by_name.items()}}


def _summary(reports):
    return {
        "cpu_us_per_packet": {"median": _median(reports, "cpu_us_per_packet"),
                              "values": [report["cpu_us_per_packet"] for report in reports]},
        **{key: _median(reports, key) for key in ("output_pps", "loss_ratio", "utilisation", "sleeps_per_second",
                                                  "latest_frame_us", "overtaken")},
        "latency_us": {key: statistics.median(report["latency_us"][key] for report in reports)
                       for key in ("p50", "p99", "p999", "max")},
        "findings": [{**report["findings"], **report["server"]} for report in reports],
    }


def _median(reports, key):
    return statistics.median(report[key] for report in reports)


def _rotated(names, by):
    by %= len(names)
    return names[by:] + names[:by]
