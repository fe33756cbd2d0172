"""This relay: rooms over its control API, WebRTC endpoints on both sides."""

import http.client
import json
import re
import shutil
import urllib.request

from . import place
from .server import Server, first_line

HTTP_PORT = 8080
METRICS_PORT = 9641
MEDIA_PACKETS = 65536  # kept for retransmission; what a hundred publishers send in half a second at five times 30 frames/s
VIDEO = {"kind": "video", "mid": "0",
         "codecs": [{"name": "VP8", "payload_type": 96},
                    {"name": "rtx", "payload_type": 97, "associated_payload_type": 96}],
         "feedback": {"nack": True, "pli": True}}
MID = {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 4}


class Penstock(Server):
    name = "penstock"
    srtp_profiles = ""

    @classmethod
    def missing(cls, options):
        program = f"{options.bin_dir}/penstockd"
        return None if shutil.which(program) else f"{program} is not built (cmake --build --preset release)"

    def version(self):
        return first_line([f"{self.options.bin_dir}/penstockd", "--version"])

    def command(self, scratch):
        return [f"{self.options.bin_dir}/penstockd", "--listen", f"{place.SERVER}:3478", "--user", "u:p",
                "--http", f"127.0.0.1:{HTTP_PORT}", "--workers", "1", "--core", str(self.options.server_cpu),
                "--drain-deadline", "0", "--set", f"media.packets={MEDIA_PACKETS}", "--metrics", f"127.0.0.1:{METRICS_PORT}"]

    def answers(self):
        return self._call("GET", "/v1") is not None

    def connect(self, media, case):
        opened = media.open("webrtc", case, self.srtp_profiles)
        publishers, receivers = [], []
        for number, publisher in enumerate(opened["publishers"]):
            room = f"/v1/rooms/room-{number}"
            self._call("PUT", room, {})
            track = {**VIDEO, "extensions": [], "encodings": [{"ssrc": publisher.pop("ssrc")}]}
            answer = self._call("PUT", f"{room}/endpoints/publisher", {**publisher, "tracks": {"video": track}})
            publishers.append(answer["local"])
            first = number * case.receivers_each
            for index, receiver in enumerate(opened["receivers"][first:first + case.receivers_each]):
                endpoint = f"{room}/endpoints/receiver-{index}"
                receivers.append(self._call("PUT", endpoint, receiver)["local"])
                self._call("PUT", f"{endpoint}/subscriptions/video", {
                    **VIDEO, "extensions": [MID], "track": {"endpoint": "publisher", "track": "video"}})
        media.say("connect", publishers=publishers, receivers=receivers)

    def findings(self):
        totals = self._call("GET", "/v1/stats")["totals"]
        found = {key: totals[key] for key in ("published_packets", "forwarded_packets", "lost", "retransmitted",
                                              "authentication_failures")}
        with urllib.request.urlopen(f"http://127.0.0.1:{METRICS_PORT}/metrics", timeout=5) as response:
            text = response.read().decode()
        packets = max(1, totals["forwarded_packets"])
        stages = _by_label(text, "penstock_stage_cycles_total", "stage")
        return {**found, "dropped": _by_label(text, "penstock_packets_dropped_total", "reason"),
                "kernel_drops": _by_label(text, "penstock_kernel_drops_total", "worker"),
                "stage_cycles_per_packet": {stage: round(cycles / packets) for stage, cycles in stages.items()}}

    def _call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=10)
        try:
            connection.request(method, path, body=None if body is None else json.dumps(body),
                               headers={"Content-Type": "application/json"} if body is not None else {})
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise RuntimeError(f"penstock: {method} {path}: {response.status} {text.decode(errors='replace')}")
        return json.loads(text) if text else None


class PenstockCm(Penstock):
    """Its clients know AES-CM with HMAC-SHA1 alone."""

    name = "penstock_cm"
    srtp_profiles = "SRTP_AES128_CM_SHA1_80"


def _by_label(metrics, name, label):
    """The samples of a family that are not zero, by one of their labels."""
    samples = re.findall(rf'^{name}\{{.*?{label}="(\w+)".*\}} (\d+)', metrics, re.M)
    return {value: int(count) for value, count in samples if int(count)}
