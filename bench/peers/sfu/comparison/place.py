"""Where a comparison runs: a network namespace of its own, with one address for servers and one for their clients."""

import os
import subprocess
import sys

SERVER = "10.78.0.1"
CLIENTS = "10.78.0.2"
_INSIDE = "PENSTOCK_SFU_PEERS_INSIDE"


def enter():
    """Runs this script again in a fresh namespace, which ends with it, and gives it its addresses. Both are the
    machine's own, so packets take the way of loopback; but servers that leave loopback interfaces out find one."""
    if os.environ.get(_INSIDE) is None:
        os.environ[_INSIDE] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    for arguments in (["link", "set", "lo", "up"], ["link", "add", "sfu0", "type", "veth", "peer", "name", "sfu1"],
                      ["address", "add", f"{SERVER}/24", "dev", "sfu0"],
                      ["address", "add", f"{CLIENTS}/24", "dev", "sfu0"], ["link", "set", "sfu0", "up"],
                      ["link", "set", "sfu1", "up"]):
        subprocess.run(["ip", *arguments], check=True)


def why_not():
    """Why there can be no such place here, or nothing."""
    if os.geteuid() != 0:
        return "a network namespace needs root"
    if len(os.sched_getaffinity(0)) < 2:
        return "two cores are needed: one for the server, one for publishers and receivers"
    return None
