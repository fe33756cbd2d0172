"""Runs turn_load against a server and returns its JSON report."""

import json
import subprocess

from . import pinned, servers


class Generator:
    def __init__(self, place, bin_dir, cpu, first_in_line):
        self._place, self._bin_dir = place, bin_dir
        self._cpu, self._first_in_line = cpu, first_in_line

    def wait_until_ready(self, server):
        """Until one packet came through; a server that does not manage that within 20 s is broken."""
        if server.is_turn:
            self.run(server, ["-n", "1", "--packets", "1", "--warmup", "0", "--duration", "0.3"], timeout_s=20)
        else:
            self.run(server, ["-n", "1", "--warmup", "0", "--duration", "0.3"], timeout_s=20)

    def run(self, server, options, timeout_s=120):
        command = [f"{self._bin_dir}/turn_load", "--server", server.endpoint, "--server-pid", str(server.pid),
                   *server.load_options(), *options, "--json", "-"]
        if "--client-addresses" not in options:
            command += ["--client-addresses", _value(options, "-n", "50")]
        process = pinned.popen(self._place.at_load(command), self._cpu, self._first_in_line,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            pinned.stop(process)
            err = f"no end after {timeout_s} s\n{server.complaint()}"
        except BaseException:
            pinned.stop(process)
            raise
        if process.returncode != 0:
            raise RuntimeError(f"{server.name}: {' '.join(command)}\n{err.strip()}\n{server.complaint()}")
        return json.loads(out)


def _value(options, name, default):
    return options[options.index(name) + 1] if name in options else default
