"""Hostile neighbours: rooms full of them (the load generator's endpoints), and a signaling server that never rests."""

import http.client
import json
import os
import socket
import tempfile
import threading
import time
from pathlib import Path

from testbed import relay as bed
from testbed.process import Process
from testbed.rooms import control_api

_REPOSITORY = Path(__file__).resolve().parents[3]


def load_generator() -> Path | None:
    """bench/load/sfu's program: beside the relay, or in the release tree where the relay's own has no benchmarks."""
    for directory in (bed.binary_directory(), _REPOSITORY / "build/release/bin"):
        if (directory / "penstock_sfu_load").exists():
            return directory / "penstock_sfu_load"
    return None


class Neighbours:
    """A room of ten viewers and their publisher, as hostile as `kind` says (penstock_sfu_load floods --help), on the
    same relay. They live in its host, where the control API asks for no token. `with` waits for their end; then
    `report` is the generator's own."""

    def __init__(self, running: bed.Penstockd, kind: str, pps: int, seconds: float, **media):
        host, self._directory = running.host, tempfile.TemporaryDirectory()
        self._file = Path(self._directory.name) / "report.json"
        options = [word for name, value in media.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        self._process = Process(
            host, str(load_generator()), "--http", f"http://127.0.0.1:{bed.API_PORT}",
            "--metrics", f"http://{host.ipv4}:{bed.METRICS_PORT}/metrics", "--local", host.ipv4,
            "--warmup", "0.5", "--duration", str(seconds), "--json", str(self._file), *options,
            "floods", "--kinds", kind, "--pps", str(pps), "--beside", "1")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                assert self._process.wait(40) == 0, self._process.output()[-2000:]
                self.report = json.loads(self._file.read_text(encoding="utf-8"))
        finally:
            self._process.stop()
            self._directory.cleanup()

    def step(self) -> dict:
        """What went on while the flood did."""
        return self.report["steps"][-1]


class BusySignaling:
    """Changes a room of its own `per_second` times a second while the `with` block lasts, over one connection."""

    def __init__(self, running: bed.Penstockd, per_second: float):
        self.done = 0
        self.failed: list[str] = []
        self._api = control_api(running)
        self._interval_s = 1 / per_second
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._change, daemon=True)

    def _change(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", bed.API_PORT, timeout=10)
        connection.sock = self._api.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # heads and bodies are written apart
        begin = time.monotonic()
        while not self._stopping.is_set():
            # Endpoints come, get a new address book entry and go: each is compiled for the worker, and applied there.
            name = f"/v1/rooms/busy/endpoints/{self.done // 3 % 50}"
            method = ("PUT", "PUT", "DELETE")[self.done % 3]
            body = None if method == "DELETE" else json.dumps({"metadata": os.urandom(8).hex()})
            connection.request(method, name, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                self.failed.append(f"{method} {name}: {answer.status} {text[:200]!r}")
            self.done += 1
            self._stopping.wait(max(0.0, begin + self.done * self._interval_s - time.monotonic()))
        connection.close()

    def __enter__(self):
        self._api.put("/v1/rooms/busy", {})
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._thread.join(15)
        self._api.delete("/v1/rooms/busy")
