"""Does an address answer?"""

import re
import signal
import subprocess

from testbed.network import Host


def lost(host: Host, address: str, count: int = 5) -> int:
    """How many of `count` echo requests from `host` stayed unanswered."""
    result = subprocess.run(_command(host, address, "-c", str(count)), capture_output=True, text=True, timeout=60,
                            check=False)
    sent, received = _sums(result.stdout)
    return max(sent, count) - received


class Meanwhile:
    """Pings for as long as `with` lasts; `sent` and `lost` are known after it."""

    def __init__(self, host: Host, address: str):
        self.sent = self.lost = 0
        self._process = subprocess.Popen(_command(host, address), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                         text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGINT)
        output, _ = self._process.communicate(timeout=10)
        self.sent, received = _sums(output)
        self.lost = self.sent - received


def _command(host: Host, address: str, *more: str) -> list[str]:
    return host.command("ping", "-n", "-i", "0.2", "-W", "2", *more, address)


def _sums(output: str) -> tuple[int, int]:
    found = re.search(r"(\d+) packets transmitted, (\d+) received", output)
    return (int(found[1]), int(found[2])) if found else (0, 0)
