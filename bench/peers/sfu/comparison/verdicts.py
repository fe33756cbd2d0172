"""Ratios, and whether they are what this relay promises."""

# Largest CPU per output packet, encryption included, as a share of another server's.
LIMITS = {"rtpengine": 0.5, "janus": 1.0, "mediasoup": 1.0}


def ratio(entry, name, reference):
    """`name`'s cost as a multiple of `reference`'s; nothing unless both were measured."""
    servers = entry["servers"]
    if name not in servers or reference not in servers:
        return None
    return round(servers[name]["cpu_us_per_packet"]["median"] / servers[reference]["cpu_us_per_packet"]["median"], 3)


def verdicts(report):
    """A list of {what, value, limit, ok}, for what could be judged."""
    found = []
    for entry in report.get("fan_out", []):
        for reference in entry["servers"]:
            limit = next((most for prefix, most in LIMITS.items() if reference.startswith(prefix)), None)
            value = ratio(entry, "penstock", reference)
            if limit is not None and value is not None:
                found.append({"what": f"{entry['case']}: CPU per output packet / {reference}'s", "value": value,
                              "limit": limit, "ok": value <= limit})
        if "penstock" in entry["servers"]:
            lost = entry["servers"]["penstock"]["loss_ratio"]
            found.append({"what": f"{entry['case']}: share of packets lost", "value": round(lost, 6), "limit": 0,
                          "ok": lost <= 0})
    return found
