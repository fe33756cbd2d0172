"""Runs turn_load against a server and returns its JSON report."""

import json
import subprocess
import time

from . import pinned


class Generator:
    def __init__(self, place, bin_dir, cpu, first_in_line):
        self._place, self._bin_dir = place, bin_dir
        self._cpu, self._first_in_line = cpu, first_in_line

    def wait_until_ready(self, server):
        """Until one packet came through; a server that does not manage that within 20 s is broken."""
        self.run(server, ["-n", "1", "--warmup", "0", "--duration", "0.3", "--packets", "1"], timeout_s=20)

    def run(self, server, options, timeout_s=120):
        command = [f"{self._bin_dir}/turn_load", "--server", server.endpoint, "--server-pid", str(server.pid),
                   *server.load_options(), *options, "--json", "-"]
        if "--client-addresses" not in options:
            command += ["--client-addresses", _value(options, "-n", "50")]
        process = pinned.popen(self._place.at_load(command), self._cpu, self._first_in_line,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, err = self._outcome(process, server, timeout_s)
        except BaseException:
            pinned.stop(process)
            raise
        if process.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{err.strip()}\n{server.name} said:\n{server.complaint()}")
        return json.loads(out)

    @staticmethod
    def _outcome(process, server, timeout_s):
        """What it printed on both streams. A server that died, or one that never answers, ends it early."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                return process.communicate(timeout=0.5)
            except subprocess.TimeoutExpired:
                ended = server.process.poll()
                if ended is not None or time.monotonic() > deadline:
                    pinned.stop(process)
                    return "", f"{server.name} ended with {ended}" if ended is not None else f"no end in {timeout_s} s"


def _value(options, name, default):
    return options[options.index(name) + 1] if name in options else default
