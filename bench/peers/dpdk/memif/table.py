"""The report as a table for people."""

from .verdicts import memory_to_coturn

STAGES = ("receive", "classify", "service", "transmit", "mailbox", "timers")


def lines(report):
    yield from _cost(report.get("cost", []))
    yield from _latency(report.get("latency"))
    yield from _memory(report.get("memory"))
    yield from _coturn(report)
    yield from _rooms(report.get("rooms", []))
    for verdict in report["verdicts"]:
        bound = f"at most {verdict['at_most']}" if "at_most" in verdict else f"at least {verdict['at_least']}"
        yield f"{'ok    ' if verdict['ok'] else 'MISSED'} {verdict['what']}: {verdict['value']} ({bound})"
    for error in report["errors"]:
        yield f"FAILED {error}"


def _cost(entries):
    if not entries:
        return
    yield "Cycles per packet over memif, flat out (medians; stages are the relay's)"
    yield (f"{'':>8}{'channels':>9}{'penstock':>10}{'macswap':>9}{'ratio':>7}"
           + "".join(f"{stage:>10}" for stage in STAGES) + f"{'Mpps':>7}{'busy':>6}{'gen busy':>10}")
    for entry in entries:
        relay = entry["penstock"]
        stages = "".join(f"{relay['stage_cycles_per_packet'].get(stage, 0):>10.1f}" for stage in STAGES)
        yield (f"{entry['payload_bytes']:>6} B{entry['flows']:>9}{relay['cycles_per_packet']['median']:>10.1f}"
               f"{entry['macswap']['cycles_per_packet']['median']:>9.1f}{entry['ratio']:>7.2f}{stages}"
               f"{relay['delivered_pps'] / 1e6:>7.2f}{relay['busy_ratio']:>6.2f}{relay['generator_busy_ratio']:>10.2f}")
    yield ""


def _rooms(entries):
    if not entries:
        return
    yield "One track to many viewers over memif, flat out: cycles per packet sent (medians)"
    yield (f"{'':>8}{'viewers':>9}{'memif':>9}{'memory':>9}{'txonly':>9}{'added/txonly':>14}"
           + "".join(f"{stage:>10}" for stage in STAGES) + f"{'Mpps':>7}{'loss':>8}{'busy':>6}{'gen busy':>10}")
    for entry in entries:
        relay, memory = entry["penstock"], entry.get("memory")
        total, transmit = relay["cycles_per_packet"]["median"], entry["txonly"]["cycles_per_packet"]["median"]
        beside = f"{memory['cycles_per_packet']['median']:>9.0f}" if memory else f"{'':>9}"
        ratio = f"{entry['ratio']:>14.2f}" if memory else f"{'':>14}"
        stages = "".join(f"{relay['stage_cycles_per_packet'].get(stage, 0):>10.1f}" for stage in STAGES)
        yield (f"{entry['payload_bytes']:>6} B{entry['viewers']:>9}{total:>9.0f}{beside}{transmit:>9.0f}{ratio}{stages}"
               f"{relay['delivered_pps'] / 1e6:>7.2f}{relay['loss_ratio']:>8.4f}{relay['busy_ratio']:>6.2f}"
               f"{relay['generator_busy_ratio']:>10.2f}")
    yield ""


def _latency(latency):
    if not latency:
        return
    yield "Latency across link, relay and link at half its load, us (medians of the rounds)"
    yield f"{'':<34}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}"
    for entry in latency["loads"]:
        for name in ("penstock", "macswap"):
            what = f"{entry['payload_bytes']} B, {entry['rate_pps'] / 1e6:.2f} Mpps, {name}"
            yield _latency_line(what, entry[name])
    for name, spin in latency["spin"].items():
        yield _latency_line(f"bare spin, {name.replace('_', ' ')}", spin)
    yield ""


def _latency_line(what, of):
    return f"{what:<34}{of['p50']:>9.1f}{of['p99']:>9.1f}{of['p999']:>9.1f}{of['max']:>9.1f}"


def _memory(memory):
    if not memory:
        return
    yield f"Without a link, {memory['flows']} flows"
    for name, entry in memory.items():
        if isinstance(entry, dict) and "ns_per_packet" in entry:
            yield (f"{name:<28}{entry['ns_per_packet']:>8.1f} ns per packet (classify {entry['classify_ns']:.1f}, service "
                   f"{entry['service_ns']:.1f}){entry['mpps_per_cpu_second']:>8.1f} Mpps per CPU second")
        elif isinstance(entry, dict):
            yield (f"{name:<28}{entry['cycles_per_packet']:>8.1f} cycles per packet"
                   f"{entry['mpps_per_cpu_second']:>8.1f} Mpps per CPU second")
    yield ""


def _coturn(report):
    entries = report.get("coturn", [])
    for entry in entries:
        yield (f"coturn over loopback, {entry['payload_bytes']} B, {entry['direction']}: "
               f"{entry['cpu_us_per_packet']:.2f} us, {entry['mpps_per_cpu_second']:.3f} Mpps per CPU second")
    for entry in report.get("cost", []):
        if of_size := [e["mpps_per_cpu_second"] for e in entries if e["payload_bytes"] == entry["payload_bytes"]]:
            floor = entry["macswap"]["mpps_per_cpu_second"] / (sum(of_size) / len(of_size))
            yield f"macswap over memif, {entry['payload_bytes']} B: {floor:.1f} times coturn's packets per CPU second"
    if (from_memory := memory_to_coturn(report)) is not None:
        yield f"the service from memory, 100 B: {from_memory} times coturn's packets per CPU second"
    if entries:
        yield ""
