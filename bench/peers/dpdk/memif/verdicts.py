"""Ratios, and whether they are what this relay promises."""

MACSWAP_RATIO = 2.0
MEMORY_MPPS = 10.0
COTURN_RATIO = 40.0
TRANSMIT_RATIO = 1.5


def verdicts(report):
    """A list of {what, value, limit, ok}, for what could be judged. `limit` is the most, or with `at_least` the least."""
    found = []
    for entry in report.get("cost", []):
        _judge(found, f"{entry['payload_bytes']} B, {entry['flows']} channels: cycles per packet / macswap's",
               entry["ratio"], MACSWAP_RATIO, at_most=True)
    for name, entry in report.get("memory", {}).items():
        if name.startswith(("channel_to", "peer_to")):
            _judge(found, f"{name}, from memory: Mpps per CPU second", round(entry["mpps_per_cpu_second"], 2), MEMORY_MPPS,
                   at_most=False)
    coturn = {}
    for entry in report.get("coturn", []):
        coturn.setdefault(entry["payload_bytes"], []).append(entry["mpps_per_cpu_second"])
    for entry in report.get("cost", []):
        if rates := coturn.get(entry["payload_bytes"]):
            value = entry["penstock"]["mpps_per_cpu_second"] / _mean(rates)
            _judge(found, f"{entry['payload_bytes']} B, over memif: packets per CPU second / coturn's", round(value, 1),
                   COTURN_RATIO, at_most=False)
    for entry in report.get("rooms", []):
        if "ratio" in entry:
            _judge(found, f"{entry['payload_bytes']} B to {entry['viewers']} viewers: what sending over memif adds to the fan-out "
                   "/ testpmd's transmit cost", entry["ratio"], TRANSMIT_RATIO, at_most=True)
    return found


def memory_to_coturn(report):
    """Packets per CPU second of the service fed from memory as a multiple of coturn's, at 100 B; nothing unless both
    were measured. Not judged: memory_port does none of a device's work."""
    mine = [entry["mpps_per_cpu_second"] for name, entry in report.get("memory", {}).items()
            if name.startswith(("channel_to", "peer_to"))]
    theirs = [entry["mpps_per_cpu_second"] for entry in report.get("coturn", []) if entry["payload_bytes"] == 100]
    return round(_mean(mine) / _mean(theirs), 1) if mine and theirs else None


def _mean(values):
    return sum(values) / len(values)


def _judge(found, what, value, limit, at_most):
    ok = value <= limit if at_most else value >= limit
    found.append({"what": what, "value": value, "at_most" if at_most else "at_least": limit, "ok": ok})
