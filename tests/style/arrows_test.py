#!/usr/bin/env python3
"""Fails when an include runs up the house: net <- stun, rtp, srtp, port <- engine <- sfu, turn <- control."""
import pathlib
import re
import sys

# Folders of one floor are neighbours: neither knows the other.
FLOORS = [
    ["dataplane/net"],
    ["dataplane/stun", "dataplane/rtp", "dataplane/srtp", "dataplane/port"],
    ["dataplane/engine"],
    ["dataplane/sfu", "turn"],
    ["control"],
]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)


def place(path):
    """(floor, folder) of a source, or None outside the house."""
    for floor, folders in enumerate(FLOORS):
        for folder in folders:
            if path.startswith(folder + "/"):
                return floor, folder
    return None


def main(root):
    wrong = []
    seen = 0
    for source in sorted(p for top in ("dataplane", "turn", "control") for p in (root / top).rglob("*") if p.suffix in {".h", ".cpp"}):
        own = source.relative_to(root).as_posix()
        own_place = place(own)
        if own_place is None:
            wrong.append(f"{own} is on no floor: add its folder to FLOORS")
            continue
        for included in INCLUDE.findall(source.read_text()):
            target = place(included)
            if target is None:
                continue
            seen += 1
            sideways = target[0] == own_place[0] and target[1] != own_place[1]
            if target[0] > own_place[0] or sideways:
                wrong.append(f"{own} includes {included}")
    if seen < 20:
        wrong.append(f"only {seen} includes between floors found: is {root} the source tree?")
    print("\n".join(wrong) or f"{seen} includes, all downwards")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
