"""Runs frame_load and frame_rooms against a server and returns their JSON reports."""

import json
import subprocess
import threading

from . import host


class Generator:
    def __init__(self, place, options, huge_pages):
        self._place, self._options, self._huge_pages = place, options, huge_pages

    def run(self, server, payload_bytes, rate_pps=0.0, duration_s=None):
        duration_s = duration_s or self._options.duration
        command = [f"{self._options.bin_dir}/frame_load", "--device", server.device, *server.load_options(),
                   "--flows", str(self._options.flows), "--size", str(payload_bytes), "--rate", str(rate_pps),
                   "--duration", str(duration_s), "--cpu", str(self._options.load_cpu), "--json", "-"]
        if self._huge_pages:
            command.append("--huge-pages")
        return self._report(command, server, duration_s)

    def rooms(self, server, duration_s, *arguments):
        """frame_rooms: a room's participants, or with `--mode drain` somebody who only receives."""
        command = [f"{self._options.bin_dir}/frame_rooms", "--device", server.device, "--duration", str(duration_s),
                   "--cpu", str(self._options.load_cpu), "--json", "-", *map(str, arguments)]
        if self._huge_pages:
            command.append("--huge-pages")
        return self._report(command, server, duration_s)

    def spin(self, cpu, duration_s):
        """What pauses a loop on that core sees that does nothing but look at the clock."""
        command = [f"{self._options.bin_dir}/frame_load", "--mode", "spin", "--cpu", str(cpu),
                   "--duration", str(duration_s), "--json", "-"]
        return self._report(command, None, duration_s)["spin"]

    def _report(self, command, server, duration_s):
        process = host.popen(self._place.inside(command), [self._options.relay_cpu, self._options.load_cpu],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        killer = threading.Timer(60 + duration_s, process.kill)
        killer.start()
        said = []
        try:
            for line in process.stderr:
                if line.endswith(": measuring\n") and server is not None:
                    server.measuring(duration_s)
                else:
                    said.append(line)
            out = process.stdout.read()
            process.wait()
        finally:
            killer.cancel()
            host.stop(process)
        if process.returncode != 0:
            complaint = f"\n{server.name} said:\n{server.complaint()}" if server else ""
            raise RuntimeError(f"{' '.join(command)}\n{''.join(said).strip()}{complaint}")
        return json.loads(out)
