"""Does an address answer?"""

import re
import subprocess

from testbed.network import Host


def lost(host: Host, address: str, count: int = 5) -> int:
    """How many of `count` echo requests from `host` stayed unanswered."""
    command = host.command("ping", "-n", "-c", str(count), "-i", "0.2", "-W", "2", address)
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    received = re.search(r"(\d+) received", result.stdout)
    return count - (int(received[1]) if received else 0)
