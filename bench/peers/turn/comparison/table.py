"""The report as a table for people."""

from .verdicts import floor_of, ratio


def lines(report):
    names = list(report["servers"])
    yield from _relay(report.get("relay", []), names)
    yield from _allocation(report.get("allocation", {}))
    yield from _memory(report.get("memory", {}))
    yield from _drops(report.get("drops", []))
    yield from _verdicts(report.get("verdicts", []))
    for error in report.get("errors", []):
        yield f"FAILED {error}"


def _relay(entries, names):
    if not entries:
        return
    yield "Server CPU per relayed packet, us (median; flat out on one core; * not saturated;\n/floor: penstock's as a multiple of bare's, of bare_trains' for trains)"
    heads = "".join(f"{name:>13}" for name in names)
    yield f"{'':<52}{heads}{'/floor':>8}{'/coturn':>9}"
    for entry in entries:
        cells = "".join(_relay_cell(entry["servers"].get(name)) for name in names)
        yield (f"{entry['case']:<52}{cells}{_times(ratio(entry, 'penstock', floor_of(entry))):>8}"
               f"{_times(ratio(entry, 'penstock', 'coturn')):>9}")
    yield ""


def _relay_cell(server):
    if server is None:
        return f"{'-':>12} "
    mark = " " if server["utilisation"] > 0.85 or server["sleeps_per_second"] < 100 else "*"
    return f"{server['cpu_us_per_packet']['median']:>12.3f}{mark}"


def _allocation(entries):
    if not entries:
        return
    yield "Allocations: 401, Allocate, Refresh, Refresh to 0"
    for name, entry in entries.items():
        yield (f"  {name:<12}{entry['cpu_us_per_allocation']['median']:>10.1f} us CPU each"
               f"{entry['cycles_per_second']['median']:>10.0f}/s")
    yield f"  penstock/coturn {_times(ratio(entries, 'penstock', 'coturn', 'cpu_us_per_allocation'))}"
    yield ""


def _memory(entries):
    for name, entry in entries.items():
        yield (f"Idle allocation, {entry['allocations']} held: {name:<10}"
               f"{entry['resident_bytes_per_allocation']:>9.0f} B resident,"
               f"{entry['anonymous_bytes_per_allocation']:>9.0f} B of it its own,"
               f"{entry['descriptors_per_allocation']:>5.2f} descriptors")
    if entries:
        yield ""


def _drops(steps):
    if not steps:
        return
    yield "Lost at a rate (50 allocations, 1200 B, client to peer), and receive drops"
    for step in steps:
        cells = "".join(f"{name:>12} {100 * loss:7.3f} % {step['receive_drops'][name]:>8.0f}"
                        for name, loss in step["loss_ratio"].items())
        yield f"  {step['rate_pps']:>8} packets/s{cells}"
    yield ""


def _verdicts(entries):
    for entry in entries:
        yield f"{'ok  ' if entry['ok'] else 'MISS'} {entry['what']}: {entry['value']} (at most {entry['limit']})"


def _times(value):
    return "-" if value is None else f"{value:.2f}"
