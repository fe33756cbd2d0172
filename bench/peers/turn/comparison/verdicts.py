"""Ratios, and whether they are what this relay promises."""

# Largest CPU per packet as a share of another server's, by shape of the load.
SINGLES_TO_BARE = 1.15
SINGLES_TO_COTURN = 0.85
ONE_TRAIN_TO_COTURN = 0.30
TRAINS_TO_COTURN = 0.45
ALLOCATIONS_TO_COTURN = 1 / 6
IDLE_ALLOCATION_BYTES = 1024


def floor_of(entry):
    """The forwarder that does no more than this load asks for."""
    return "bare" if entry["train"] == 1 else "bare_trains"


def ratio(entry, name, reference, key="cpu_us_per_packet"):
    """`name`'s cost as a multiple of `reference`'s; nothing unless both were measured."""
    servers = entry.get("servers", entry)
    if name not in servers or reference not in servers or not servers[reference][key]["median"]:
        return None
    return round(servers[name][key]["median"] / servers[reference][key]["median"], 3)


def verdicts(report, name="penstock"):
    """A list of {what, value, limit, ok}, for what could be judged."""
    found = []
    for entry in report.get("relay", []):
        for reference, limit in _relay_limits(entry):
            _judge(found, f"{entry['case']}: CPU per packet / {reference}'s", ratio(entry, name, reference), limit)
    if "allocation" in report:
        value = ratio(report["allocation"], name, "coturn", "cpu_us_per_allocation")
        _judge(found, "CPU per allocation / coturn's", value, round(ALLOCATIONS_TO_COTURN, 3))
    if name in report.get("memory", {}):
        value = report["memory"][name]["resident_bytes_per_allocation"]
        _judge(found, "bytes of resident memory per idle allocation", value, IDLE_ALLOCATION_BYTES)
    both = [step for step in report.get("drops", []) if {name, "coturn"} <= step["receive_drops"].keys()]
    if dropping := [step for step in both if step["receive_drops"]["coturn"] > 0]:
        best = min(dropping, key=lambda step: step["receive_drops"][name])
        _judge(found, f"receive drops at {best['rate_pps']} packets/s, where coturn drops",
               best["receive_drops"][name], 0)
    return found


def _relay_limits(entry):
    if entry["train"] == 1:
        return [("bare", SINGLES_TO_BARE), ("coturn", SINGLES_TO_COTURN)]
    return [("coturn", ONE_TRAIN_TO_COTURN if entry["allocations"] == 1 else TRAINS_TO_COTURN)]


def _judge(found, what, value, limit):
    if value is not None:
        found.append({"what": what, "value": value, "limit": limit, "ok": value <= limit})
