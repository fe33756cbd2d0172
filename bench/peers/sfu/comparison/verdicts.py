"""Ratios, and whether they are what this relay promises."""

# Largest CPU per output packet, encryption included, as a share of another server's.
LIMITS = {"rtpengine": 0.5, "janus": 1.0, "mediasoup": 1.0}


def ratio(entry, reference):
    """This relay's cost as a multiple of `reference`'s, with the same cipher where it encrypts with AES-CM; nothing unless
    both were measured."""
    servers, name = entry["servers"], "penstock_cm" if reference.endswith("_cm") else "penstock"
    if name not in servers or reference not in servers:
        return None
    return round(servers[name]["cpu_us_per_packet"]["median"] / servers[reference]["cpu_us_per_packet"]["median"], 3)


def verdicts(report):
    """A list of {what, value, limit, ok}, for what could be judged."""
    found = []
    for entry in report.get("fan_out", []):
        for reference in entry["servers"]:
            limit = next((most for prefix, most in LIMITS.items() if reference.startswith(prefix)), None)
            value = ratio(entry, reference)
            if limit is not None and value is not None:
                found.append({"what": f"{entry['case']}: CPU per output packet / {reference}'s", "value": value,
                              "limit": limit, "ok": value <= limit})
        for name in ("penstock", "penstock_cm"):
            if name in entry["servers"]:
                lost = entry["servers"][name]["loss_ratio"]
                found.append({"what": f"{entry['case']}: {name}: share of packets lost", "value": round(lost, 6),
                              "limit": 0, "ok": lost <= 0})
    return found
