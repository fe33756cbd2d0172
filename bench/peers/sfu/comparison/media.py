"""Publishers and receivers: a fan_out_load process and what it is told."""

import json
import subprocess

from turn.comparison import pinned

from . import place


class Media:
    """`with` starts and ends it. Every call is a line to it and its answer; what fails is a RuntimeError."""

    def __init__(self, bin_dir, cpu):
        self._command = [f"{bin_dir}/fan_out_load", "--cpu", str(cpu)]
        self._cpu = cpu
        self._process = None

    def __enter__(self):
        self._process = pinned.popen(self._command, self._cpu, first_in_line=True, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        pinned.stop(self._process)

    def open(self, transport, case, srtp_profiles=""):
        """The addresses or transport parameters of each, {"publishers": [...], "receivers": [...]}."""
        return self.say("open", transport=transport, publishers=case.publishers,
                        receivers=case.publishers * case.receivers_each, address=place.CLIENTS, packets=case.packets,
                        packet_bytes=case.packet_bytes, srtp_profiles=srtp_profiles)

    def say(self, what, **arguments):
        self._process.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"fan_out_load ended with {self._process.wait()} on {what}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{what}: {answer['error']}")
        return answer
