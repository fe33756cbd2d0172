"""The report as a table for people."""

from .verdicts import LIMITS, ratio


def lines(report):
    yield "Server CPU per packet that a receiver got, us (median; * the server was saturated)"
    yield f"{'':<24}{'server':<18}{'us':>8}{'ratio':>8}{'packets/s':>11}{'lost, %':>9}{'p50, us':>10}{'p99, us':>10}{'of a core':>11}"
    for entry in report.get("fan_out", []):
        for index, (name, server) in enumerate(entry["servers"].items()):
            yield _line(entry, name, server, entry["case"] if index == 0 else "")
        yield ""
    yield "ratio: penstock's cost as a multiple of this server's (penstock_cm's, where the name ends in _cm)"
    for name, why in report.get("left_out", {}).items():
        yield f"left out: {name}: {why}"
    for entry in report.get("verdicts", []):
        yield f"{'ok  ' if entry['ok'] else 'MISS'} {entry['what']}: {entry['value']} (at most {entry['limit']})"
    for error in report.get("errors", []):
        yield f"FAILED {error}"


def _line(entry, name, server, case):
    saturated = "*" if server["utilisation"] > 0.9 else " "
    times = ratio(entry, name) if name.split("_")[0] in LIMITS else None
    latency = server["latency_us"]
    return (f"{case:<24}{name:<18}{server['cpu_us_per_packet']['median']:>7.2f}{saturated}"
            f"{'' if times is None else f'{times:.2f}':>8}{server['output_pps']:>11.0f}{100 * server['loss_ratio']:>9.3f}"
            f"{_us(latency['p50']):>10}{_us(latency['p99']):>10}{100 * server['utilisation']:>9.0f} %")


def _us(value):
    return f"{value:.0f}" if value else "-"
