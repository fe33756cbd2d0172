"""A lossy link: what comes from one host loses a share of its UDP datagrams on the router."""

import contextlib
import subprocess
import tempfile
from pathlib import Path

from testbed.network import Host, Network

_SOURCE = Path(__file__).with_name("loss.bpf.c")


def _compile(percent: int, directory: str) -> str:
    program = f"{directory}/loss.o"
    triplet = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True, check=True).stdout.strip()
    # The kernel's <asm/...> are the host's, and clang does not look for them when it compiles for BPF.
    subprocess.run(["clang-19", "-target", "bpf", "-O2", "-g", "-Wall", "-Werror", f"-DLOSS_PERCENT={percent}",
                    "-idirafter", f"/usr/include/{triplet}", "-c", str(_SOURCE), "-o", program], check=True)
    return program


@contextlib.contextmanager
def loss(network: Network, source: Host, percent: int):
    """`percent` of the UDP datagrams that `source` sends are lost while the block lasts."""
    with tempfile.TemporaryDirectory() as directory:
        network.router.ip("link", "set", "dev", source.name, "xdp", "obj", _compile(percent, directory), "sec", "xdp")
        try:
            yield
        finally:
            network.router.ip("link", "set", "dev", source.name, "xdp", "off")
