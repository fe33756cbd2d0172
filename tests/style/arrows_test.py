#!/usr/bin/env python3
"""Fails when an include runs up the house: net <- stun <- port <- engine <- turn <- control."""
import pathlib
import re
import sys

FLOORS = ["dataplane/net", "dataplane/stun", "dataplane/port", "dataplane/engine", "turn", "control"]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^">]+)[">]', re.M)


def floor(path):
    for number, folder in enumerate(FLOORS):
        if path.startswith(folder + "/"):
            return number
    return None


def main(root):
    wrong = []
    seen = 0
    for source in sorted(p for top in ("dataplane", "turn", "control") for p in (root / top).rglob("*") if p.suffix in {".h", ".cpp"}):
        own = source.relative_to(root).as_posix()
        for included in INCLUDE.findall(source.read_text()):
            target = floor(included)
            if target is None:
                continue
            seen += 1
            # stun and port are neighbours: neither knows the other.
            sideways = {FLOORS[floor(own)], FLOORS[target]} == {"dataplane/stun", "dataplane/port"}
            if target > floor(own) or sideways:
                wrong.append(f"{own} includes {included}")
    if seen < 20:
        wrong.append(f"only {seen} includes between floors found: is {root} the source tree?")
    print("\n".join(wrong) or f"{seen} includes, all downwards")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
