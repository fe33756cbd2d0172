#!/usr/bin/env python3
"""Draws a packet's way from the code: who calls whom between a port's receive and its transmit.

  packet_way.py ROOT            prints the picture
  packet_way.py ROOT --check    fails when the picture in README.md is not the one the code draws
  packet_way.py ROOT --write    puts it there
"""
import pathlib
import re
import sys

# The functions of these files are followed; every other call is a leaf, drawn when it has a file of its own name or
# ends a packet's way.
FOLLOWED = ["dataplane/engine/worker.cpp", "turn/packet_path.cpp", "dataplane/sfu/packet_path.cpp",
            "dataplane/sfu/receive.cpp", "dataplane/sfu/fan_out.cpp",
            "dataplane/sfu/protect_batch.cpp"]
# What a call through an interface reaches: text of the call -> (what to draw, file or files that describe it, functions
# to follow). Free functions belong to their folder.
BOUNDARIES = {
    "port().receive": ("port.receive", ["dataplane/port/uring/receiver.h", "dataplane/port/dpdk/receiver.h"], None),
    "port().transmit": ("port.transmit", ["dataplane/port/uring/sender.h", "dataplane/port/dpdk/sender.h"], None),
    "flows.find_burst": ("flows.find_burst", "dataplane/engine/flow_table.h", None),
    "->process": ("service.process", None, ["PacketPath::process", "sfu::take_burst"]),
    "->process_handed_over": ("service.process_handed_over", None, ["PacketPath::process_handed_over"]),
    "cipher->unprotect": ("cipher.unprotect", "dataplane/srtp/cipher.h", None),
    "cipher->protect": ("cipher.protect", "dataplane/srtp/cipher.h", None),
    "fan_out->forward": ("FanOut::forward", "dataplane/sfu/fan_out.h", ["FanOut::forward"]),
    "->work": ("service.work", None, ["FanOut::work"]),
    "batch_.flush": ("ProtectBatch::flush", "dataplane/sfu/protect_batch.h", ["ProtectBatch::flush"]),
    "forwarder.on_packet": ("forwarder.on_packet", "dataplane/sfu/forward/forwarder.h", None),
    "hear": ("hear", "dataplane/sfu/speakers.h", None),
    "share": ("share", "dataplane/sfu/mirror.h", None),
    "forward_to_new_worker": ("forward_to_new_worker", "dataplane/sfu/move.h", None),
    "take_check": ("take_check", "dataplane/sfu/connectivity.h", None),
    "take_handshake": ("take_handshake", "dataplane/sfu/handshakes.h", None),
    "take_rtcp": ("take_rtcp", "dataplane/sfu/rtcp_in.h", None),
    "->on_message": ("service.on_message", None, None),
    "->on_icmp_error": ("service.on_icmp_error", "turn/icmp_to_data.h", None),
    "->advance": ("service.advance", "dataplane/engine/timer_wheel.h", None),
    "handle_message": ("handle_message", "turn/requests.h", None),
}
ENDINGS = {"send": "sent with the burst", "hand_over": "to the worker that owns it", "consume": "read to its end"}
DEFINITION = re.compile(r"^[\w:<>&*\s]*?\b(?:(\w+)::)?(\w+)\([^;{}]*\)(?: const)? \{\n(.*?)^\}", re.M | re.S)
CALL = re.compile(r"((?:[\w\]]+\(?\)?(?:\.|->))*)(\w+)\(")
BEGIN, END = "<!-- packet's way: drawn by tests/style/packet_way.py -->", "<!-- end of packet's way -->"
WIDTH = 166


def describe(root, file):
    """The first sentence of a header's opening comment."""
    lines = []
    for line in (root / file).read_text().splitlines()[1:]:
        if not line.startswith("//"):
            break
        lines.append(line[2:].strip())
    return re.split(r"(?<=[.:])\s", " ".join(lines))[0].rstrip(".:")


class Picture:
    def __init__(self, root):
        self.root = root
        self.bodies = {}
        self.files = {}
        self.lines = []
        self.drawn = set()
        self.depths = {}
        for file in FOLLOWED:
            for owner, method, body in DEFINITION.findall((root / file).read_text()):
                function = f"{owner or pathlib.PurePath(file).parent.name}::{method}"
                self.bodies[function] = re.sub(r"//[^\n]*", "", body)
                self.files[function] = file
        headers = [h for top in ("dataplane", "turn") for h in sorted((root / top).rglob("*.h"))]
        self.leaves = {h.stem: h.relative_to(root).as_posix() for h in headers}

    def draw(self):
        self.measure("Worker::pass", 0)
        self.add(0, "Worker::pass", "dataplane/engine/worker.cpp", "one pass of the loop")
        self.follow("Worker::pass", 1)
        return "\n".join(self.lines)

    def callees(self, function):
        """Followed functions that `function` calls, in order, and how much deeper than a call each is drawn."""
        owner = function.split("::")[0]
        for prefix, name in CALL.findall(self.bodies[function]):
            boundary = next((b for text, b in BOUNDARIES.items() if (prefix + name).endswith(text)), None)
            if boundary is not None:
                targets = boundary[2] or []
                yield from ((target, 1 if len(targets) > 1 else 0) for target in targets)
            elif prefix == "" and f"{owner}::{name}" in self.bodies:
                yield f"{owner}::{name}", 0

    def measure(self, function, depth):
        """The shallowest depth each function is called at: there it is drawn, elsewhere only named."""
        if self.depths.get(function, depth + 1) <= depth:
            return
        self.depths[function] = depth
        for callee, deeper in self.callees(function):
            self.measure(callee, depth + 1 + deeper)

    def add(self, depth, what, file="", why=""):
        left = f"{'  ' * depth}{what}"
        line = f"{left:<38} {file:<34} {why}".rstrip()
        self.lines.append(line if len(line) <= WIDTH else line[: WIDTH - 1] + "…")

    def follow(self, function, depth):
        owner = function.split("::")[0]
        seen = set()
        # Transformations first: what a step calls them for comes after, also where a shortcut stands before.
        calls = sorted(CALL.findall(self.bodies[function]), key=lambda c: not self.is_transformation(*c))
        for prefix, name in calls:
            call = prefix + name
            if call in seen:
                continue
            seen.add(call)
            boundary = next((b for text, b in BOUNDARIES.items() if call.endswith(text)), None)
            own = f"{owner}::{name}"
            if boundary is not None:
                what, file, target = boundary
                for one in file if isinstance(file, list) else [file]:
                    self.add(depth, what, one or "", describe(self.root, one) if one else "")
                    what = "  or" if what else ""
                self.reach(target or [], depth + 1)
            elif prefix == "" and own in self.bodies:
                self.step(own, depth)
            elif self.is_transformation(prefix, name):
                self.add(depth, name, self.leaves[name], describe(self.root, self.leaves[name]))
            elif name in ENDINGS and re.fullmatch(r"(?:core_?\.)?shard_?(?:\.|->)", prefix):
                self.add(depth, f"=> {name}", "", ENDINGS[name])
        reasons = list(dict.fromkeys(re.findall(r"drop\(p, (?:[^;]*?)Drop::(\w+)", self.bodies[function])))
        if "drop(p" in self.bodies[function]:
            self.add(depth, "=> drop", "", "counted as " + (", ".join(reasons) if reasons else "the transformation says"))

    def reach(self, functions, depth):
        """One function stands for the call that reaches it; several are services, each under its name."""
        for function in functions:
            if len(functions) > 1:
                folder = pathlib.PurePath(self.files[function]).parent
                self.add(depth, folder.name, self.files[function])
            if function not in self.drawn:
                self.drawn.add(function)
                self.follow(function, depth + (1 if len(functions) > 1 else 0))

    def is_transformation(self, prefix, name):
        return prefix == "" and self.leaves.get(name, "").endswith(f"/{name}.h") and name != "service"

    def step(self, function, depth):
        name = function.split("::")[1]
        if function in self.drawn or depth > self.depths[function]:
            self.add(depth, f"-> {name}")
            return
        self.drawn.add(function)
        self.add(depth, name, self.files[function])
        self.follow(function, depth + 1)


def main(root, mode):
    picture = f"{BEGIN}\n```\n{Picture(root).draw()}\n```\n{END}"
    readme = root / "README.md"
    if mode is None:
        print(picture)
        return 0
    text = readme.read_text()
    begin, end = text.find(BEGIN), text.find(END)
    if begin < 0 or end < 0:
        print(f"{readme} has no place for the picture: {BEGIN} ... {END}")
        return 1
    if mode == "--write":
        readme.write_text(text[:begin] + picture + text[end + len(END):])
        return 0
    if text[begin:end + len(END)] != picture:
        print("README.md shows a packet's way that the code does not go any more: tests/style/packet_way.py . --write")
        return 1
    if picture.count("\n") < 20:
        print("the picture is too small to be true: have the functions moved?")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
