#!/usr/bin/env python3
"""penstockd and penstockctl as processes on loopback: what systemd is told, what the log and the exit code say.

Usage: daemon_test.py DIRECTORY-OF-THE-BINARIES
"""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

BINARIES = pathlib.Path(sys.argv.pop(1)) if len(sys.argv) > 1 else pathlib.Path("build/release/bin")
PATIENCE_S = 30


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run(program, *arguments):
    return subprocess.run([BINARIES / program, *arguments], capture_output=True, text=True, timeout=PATIENCE_S, check=False)


class Daemon:
    """A penstockd on ports of its own, with a socket in systemd's place."""

    def __init__(self, directory, *arguments, watchdog_us=None):
        self.log_path = directory / "log"
        self.url = f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}"
        self.notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notifications.bind(str(directory / "notify"))
        self.notifications.settimeout(PATIENCE_S)
        environment = os.environ | {"NOTIFY_SOCKET": str(directory / "notify")}
        if watchdog_us:
            environment["WATCHDOG_USEC"] = str(watchdog_us)
        self.listen = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [BINARIES / "penstockd", "--listen", self.listen, "--workers", "1",
                 "--metrics", self.url.removeprefix("http://"), "--log-format", "json", *arguments],
                stderr=log, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.notifications.close()

    def told(self, what):
        """Waits for a notification that contains `what`."""
        while True:
            text = self.notifications.recv(4096).decode()
            if what in text:
                return text

    def events(self, name):
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if line["event"] == name]

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:
            return answer.read().decode()


class DaemonTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.directory = pathlib.Path(scratch.name)

    def write(self, text):
        path = self.directory / "penstock.toml"
        path.write_text(text)
        return str(path)

    def test_systemd_is_told_of_every_step(self):
        with Daemon(self.directory, "--user", "a:b", watchdog_us=400_000) as daemon:
            daemon.told("READY=1")
            for _ in range(3):
                daemon.told("WATCHDOG=1")
            daemon.process.send_signal(signal.SIGHUP)
            self.assertIn("MONOTONIC_USEC=", daemon.told("RELOADING=1"))
            daemon.told("READY=1")
            daemon.process.send_signal(signal.SIGTERM)
            daemon.told("STOPPING=1")
            self.assertEqual(daemon.process.wait(PATIENCE_S), 0)

    def test_a_reload_takes_over_what_it_can_and_names_the_rest(self):
        config = self.write('[auth]\nusers = ["a:b"]\n')
        with Daemon(self.directory, "--config", config) as daemon:
            daemon.told("READY=1")
            self.write('[auth]\nusers = ["a:b", "c:d"]\n[relay]\nport_min = 20000\n')
            daemon.process.send_signal(signal.SIGHUP)
            daemon.told("READY=1")
            self.assertEqual(daemon.events("reloaded")[-1]["changed"], "auth.users")
            self.assertEqual(daemon.events("restart_needed")[-1]["keys"], "relay.port_min")
            self.write('[auth]\nusers = ["a:b"]\n\nrealmm = "x"\n')
            daemon.process.send_signal(signal.SIGHUP)
            daemon.told("READY=1")
            problem = daemon.events("reload_problem")[-1]
            self.assertEqual(problem["where"], f"{config}:4")
            self.assertIn("did you mean 'auth.realm'?", problem["message"])
            metrics = daemon.get("/metrics")
            self.assertIn('penstock_reloads_total{outcome="applied"} 1\n', metrics)
            self.assertIn('penstock_reloads_total{outcome="refused"} 1\n', metrics)

    def test_health_readiness_and_status(self):
        with Daemon(self.directory, "--user", "a:b") as daemon:
            daemon.told("READY=1")
            self.assertEqual(daemon.get("/healthz"), "ok\n")
            self.assertEqual(daemon.get("/readyz"), "ready\n")
            status = run("penstockctl", "status", "--metrics", daemon.url, "--interval", "20")
            self.assertEqual(status.returncode, 0, status.stderr)
            self.assertIn("listening  127.0.0.1:", status.stdout)
            ports = run("penstockctl", "ports", "--metrics", daemon.url)
            self.assertEqual(ports.stdout, "kernel sockets by io_uring, on every interface; endpoints by worker: 0 has 1\n")
            self.assertEqual(json.loads(daemon.get("/ports"))["kind"], "uring")
            issued = run("penstockctl", "credentials", "--secret", "s", "--json", "--user", "alice")
            self.assertTrue(json.loads(issued.stdout)["username"].endswith(":alice"), issued.stderr)
        gone = run("penstockctl", "status", "--metrics", daemon.url)
        self.assertEqual(gone.returncode, 1)
        self.assertIn("is penstockd running", gone.stderr)

    def test_an_idle_relay_costs_almost_no_cpu(self):
        with Daemon(self.directory, "--user", "a:b") as daemon:
            daemon.told("READY=1")

            def cpu_s():
                fields = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

            before = cpu_s()
            time.sleep(3)
            self.assertLess(cpu_s() - before, 0.15)

    def test_the_second_signal_ends_at_once(self):
        with Daemon(self.directory, "--user", "a:b", "--drain-deadline", "3600") as daemon:
            daemon.told("READY=1")
            daemon.process.send_signal(signal.SIGINT)
            daemon.process.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.process.wait(PATIENCE_S), 0)

    def test_what_cannot_start_says_why(self):
        with Daemon(self.directory, "--user", "a:b") as daemon:
            daemon.told("READY=1")
            rows = {
                (): "--user NAME:PASSWORD",
                ("--user", "a:b", "--metrics", daemon.url.removeprefix("http://")): "--metrics",
                ("--user", "a:b", "--metrics", "", "--relay", "198.51.100.1"): "198.51.100.1",
                ("--user", "a:b", "--metrics", "", "--allocations-file", "/nonexistent/f"): "/nonexistent/f",
                ("--user", "a:b", "--workers", "257"): "--workers",
                ("--user", "a:b", "--metrics", "", "--listen", daemon.listen): daemon.listen,
                ("--config", "/nonexistent/f"): "/nonexistent/f",
                ("--user", "a:b", "--metrics", "", "--port", "dpdk:ffff:ff:1f.7"): "no PCI device ffff:ff:1f.7",
            }
            for arguments, named in rows.items():
                outcome = run("penstockd", "--listen", f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}", *arguments)
                self.assertNotEqual(outcome.returncode, 0, arguments)
                self.assertIn(named, outcome.stderr)

    def test_the_printed_configuration_is_one(self):
        printed = run("penstockd", "--print-config", "--user", 'a:"b\\', "--listen", "127.0.0.1")
        config = self.write(printed.stdout)
        checked = run("penstockd", "--check-config", config)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        self.assertEqual(run("penstockd", "--config", config, "--print-config").stdout, printed.stdout)

    def test_an_issued_credential_names_the_running_relay(self):
        config = self.write('[auth]\nsecrets = ["s"]\n')
        with Daemon(self.directory, "--config", config) as daemon:
            daemon.told("READY=1")
            uri = json.loads(daemon.get("/status"))["uris"][0]
            metrics = f'[metrics]\nlisten = "{daemon.url.removeprefix("http://")}"\n'
            issued = run("penstockctl", "credentials", "--config", self.write(f'[auth]\nsecrets = ["s"]\n{metrics}'))
            self.assertIn(uri, issued.stdout, issued.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
