"""Who is where: the relay in the machine's own network, client and peer in a namespace with a device of their own.

    relay   192.0.2.1  fd77:2::1    the device under test
      |                             one Ethernet segment (QEMU's hub)
    client  192.0.2.2  fd77:2::2    a virtio device; also the relay's gateway
    peer    198.51.100.2  fd77:3::2 behind the client's host: reached through the gateway
"""

import subprocess
from pathlib import Path

from testbed.network import Host

import pci

RELAY = Host("relay", "relay", "192.0.2.1", "fd77:2::1")
CLIENT = Host("client", "client", "192.0.2.2", "fd77:2::2")
PEER = Host("peer", "client", "198.51.100.2", "fd77:3::2")
LENGTHS = {"ipv4": 24, "ipv6": 64}
SEGMENT = ("192.0.2.0/24", "fd77:2::/64")
BEHIND_GATEWAY = ("198.51.100.0/24", "fd77:3::/64")


def prepare(client_device: str) -> None:
    """The client's side, once; the relay's is a matter of the port."""
    Path("/run/netns").mkdir(exist_ok=True)
    _ip("netns", "attach", RELAY.namespace, "1")
    _ip("netns", "add", CLIENT.namespace)
    for host in (RELAY, CLIENT):
        # An address under duplicate detection answers nobody for the first seconds.
        for key in ("all", "default"):
            host.sysctl(f"net.ipv6.conf.{key}.accept_dad", 0)
        host.sysctl("net.ipv4.conf.all.rp_filter", 0)
        _ip("-n", host.namespace, "link", "set", "lo", "up")
    pci.bind(client_device, "virtio-pci")
    name = pci.interface(client_device)
    _ip("link", "set", name, "netns", CLIENT.namespace)
    give_addresses(CLIENT, name)
    _ip("-n", CLIENT.namespace, "address", "add", f"{PEER.ipv4}/32", "dev", "lo")
    _ip("-n", CLIENT.namespace, "address", "add", f"{PEER.ipv6}/128", "dev", "lo", "nodad")
    # The relay reaches its peer through this host.
    CLIENT.sysctl("net.ipv4.ip_forward", 1)


def give_addresses(host: Host, interface: str) -> None:
    at = ("-n", host.namespace)
    _ip(*at, "address", "replace", f"{host.ipv4}/{LENGTHS['ipv4']}", "dev", interface)
    _ip(*at, "-6", "address", "replace", f"{host.ipv6}/{LENGTHS['ipv6']}", "dev", interface, "nodad")
    _ip(*at, "link", "set", interface, "up")


def forget_relay(device: str) -> None:
    """The next relay has the same addresses, on another device: nobody may answer or be remembered in its place."""
    pci.release(device)
    _ip("-n", CLIENT.namespace, "neighbour", "flush", "all")


def route_to_peer() -> None:
    """For a relay whose interface the kernel has: what it cannot reach on the segment goes to its gateway."""
    _ip("route", "replace", BEHIND_GATEWAY[0], "via", CLIENT.ipv4)
    _ip("-6", "route", "replace", BEHIND_GATEWAY[1], "via", CLIENT.ipv6)


def _ip(*arguments: str) -> None:
    result = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=30, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {result.stderr.strip()}")
