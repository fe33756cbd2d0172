"""What a run borrows from the host, and gives back: huge pages, a network namespace, a place in the queue."""

import os
import subprocess
import tempfile
from pathlib import Path

HUGE_PAGE_MB = 2
_COUNT = Path(f"/sys/kernel/mm/hugepages/hugepages-{HUGE_PAGE_MB * 1024}kB/nr_hugepages")


class HugePages:
    """Sees to it that so many MB are reserved; `available` says whether that worked. 0 MB: does without."""

    def __init__(self, megabytes):
        self._wanted = -(-megabytes // HUGE_PAGE_MB)
        self._before = None
        self.available = False

    def __enter__(self):
        if self._wanted == 0:
            return self
        try:
            before = int(_COUNT.read_text())
            if before < self._wanted:
                self._before = before
                _COUNT.write_text(str(self._wanted))
            self.available = int(_COUNT.read_text()) >= self._wanted
        except OSError:
            self.available = False
        return self

    def __exit__(self, *_):
        if self._before is not None:
            _COUNT.write_text(str(self._before))


class Namespace:
    """A network namespace for the relay's tap and its metrics. The host's own network is not touched."""

    def __init__(self):
        self.name = f"memif-{os.getpid()}"

    def __enter__(self):
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        subprocess.run(["ip", "-n", self.name, "link", "set", "lo", "up"], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL, check=False)

    def inside(self, command):
        return ["ip", "netns", "exec", self.name, *command]


def popen(command, cpus, **arguments):
    """A process on `cpus`, ahead of whatever else the machine does."""

    def prepare():
        os.sched_setaffinity(0, set(cpus))
        os.nice(-20)
        # Shares are dealt per session first (sched_autogroup), then by nice value within it.
        try:
            with open("/proc/self/autogroup", "w", encoding="ascii") as autogroup:
                autogroup.write("-20")
        except OSError:
            pass

    return subprocess.Popen(command, start_new_session=True, preexec_fn=prepare, **arguments)


def stop(process, patience_s=3):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def scratch():
    """For sockets and logs; short, as paths of sockets have to be."""
    return tempfile.TemporaryDirectory(prefix="memif-", dir="/tmp")


def why_not():
    """Why memif cannot be had here, or nothing."""
    if os.geteuid() != 0:
        return "root is needed, for a network namespace and a tap"
    if not os.access("/dev/net/tun", os.W_OK):
        return "/dev/net/tun is missing"
    if len(os.sched_getaffinity(0)) < 2:
        return "two cores are needed, one for each end"
    return None
