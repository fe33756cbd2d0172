"""Hosts are network namespaces around a router, which is a namespace too.

    client    10.77.1.2  fd77:1::2 --+
    relay     10.77.2.2  fd77:2::2 --+-- router (.1 and ::1 on every link)
    peer      10.77.3.2  fd77:3::2 --+
    attacker  10.77.4.2  fd77:4::2 --+   and everything in 198.18.0.0/15 lies behind it

Every host has a default route through the router (Chromium gathers no candidate without one). The attacker
may send from any address: what the relay answers to 198.18.0.0/15 passes the attacker's link again and is
counted there.
"""

import contextlib
import ctypes
import os
import subprocess
import threading
from dataclasses import dataclass, field

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)

HOST_NAMES = ("client", "relay", "peer", "attacker")
SPOOFED_SOURCES = "198.18.0.0/15"


class NetworkError(RuntimeError):
    """The test bed cannot be built on this machine; the message says what to do about it."""


def _run(*command: str) -> str:
    result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    if result.returncode != 0:
        raise NetworkError(
            f"'{' '.join(command)}' failed: {result.stderr.strip()}. The end-to-end tests build network "
            "namespaces: run them as root with CAP_NET_ADMIN and CAP_SYS_ADMIN, on a kernel with veth."
        )
    return result.stdout


@dataclass(frozen=True)
class Host:
    """One network namespace. ipv4 and ipv6 are its own addresses, gateway its side of the router."""

    name: str
    namespace: str
    ipv4: str = ""
    ipv6: str = ""
    processes: list = field(default_factory=list, compare=False)

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is inside the namespace; sockets it opens stay there for good."""
        with open(f"/proc/self/task/{threading.get_native_id()}/ns/net", "rb") as home, \
                open(f"/run/netns/{self.namespace}", "rb") as here:
            self._set_namespace(here.fileno())
            try:
                yield self
            finally:
                self._set_namespace(home.fileno())

    @staticmethod
    def _set_namespace(descriptor: int) -> None:
        if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
            error = ctypes.get_errno()
            raise NetworkError(f"setns() failed: {os.strerror(error)}; run the tests as root.")

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs `arguments` inside this host. The process id stays that of the program."""
        return ["nsenter", f"--net=/run/netns/{self.namespace}", "--", *arguments]

    def ip(self, *arguments: str) -> str:
        """`ip` with these arguments, about this host; its output."""
        return _run("ip", "-n", self.namespace, *arguments)

    def sysctl(self, key: str, value: int) -> None:
        with self.entered(), open("/proc/sys/" + key.replace(".", "/"), "w", encoding="ascii") as file:
            file.write(str(value))

    def link_bytes(self, interface: str) -> tuple[int, int]:
        """(received, transmitted) bytes of an interface so far, link headers included."""
        with self.entered(), open("/proc/net/dev", encoding="ascii") as file:
            for line in file:
                name, _, counters = line.partition(":")
                if name.strip() == interface:
                    values = counters.split()
                    return int(values[0]), int(values[8])
        raise NetworkError(f"{self.namespace} has no interface {interface}")


class Network:
    """Builds the four hosts and the router; close() removes every trace of them."""

    def __init__(self):
        self._prefix = f"penstock-{os.getpid()}"
        self._made: list[str] = []
        try:
            self.router = Host("router", self._add_namespace("router"))
            self.router.sysctl("net.ipv4.ip_forward", 1)
            self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
            for number, name in enumerate(HOST_NAMES, start=1):
                setattr(self, name, self._add_host(name, number))
            self._route_spoofed_sources()
        except BaseException:
            self.close()
            raise

    def _add_namespace(self, name: str) -> str:
        namespace = f"{self._prefix}-{name}"
        _run("ip", "netns", "add", namespace)
        self._made.append(namespace)
        # Link-local addresses under duplicate detection answer no neighbour for the first seconds.
        for key in ("all", "default"):
            Host(name, namespace).sysctl(f"net.ipv6.conf.{key}.accept_dad", 0)
        _run("ip", "-n", namespace, "link", "set", "lo", "up")
        return namespace

    def _add_host(self, name: str, number: int) -> Host:
        host = Host(name, self._add_namespace(name), f"10.77.{number}.2", f"fd77:{number}::2")
        # The veth pair is born with one end in each namespace, so no name ever collides on the machine itself.
        _run("ip", "-n", self.router.namespace, "link", "add", name, "type", "veth",
             "peer", "name", "eth0", "netns", host.namespace)
        for namespace, device, last in ((self.router.namespace, name, 1), (host.namespace, "eth0", 2)):
            _run("ip", "-n", namespace, "address", "add", f"10.77.{number}.{last}/24", "dev", device)
            # nodad: an address under duplicate detection cannot be bound for a second or two.
            _run("ip", "-n", namespace, "-6", "address", "add", f"fd77:{number}::{last}/64", "dev", device, "nodad")
            # A veth sender leaves checksums unfinished for the hardware that never comes; a relay that reads raw
            # frames would rightly drop them.
            _run("nsenter", f"--net=/run/netns/{namespace}", "--", "ethtool", "-K", device, "tx", "off")
            _run("ip", "-n", namespace, "link", "set", device, "up")
        _run("ip", "-n", host.namespace, "route", "add", "default", "via", f"10.77.{number}.1")
        _run("ip", "-n", host.namespace, "-6", "route", "add", "default", "via", f"fd77:{number}::1")
        return host

    def _route_spoofed_sources(self) -> None:
        for key in ("all", "attacker", "default"):
            self.router.sysctl(f"net.ipv4.conf.{key}.rp_filter", 0)
        _run("ip", "-n", self.router.namespace, "route", "add", SPOOFED_SOURCES, "via", self.attacker.ipv4)
        # The attacker keeps silent about what it never asked for: no ICMP goes back to the relay.
        _run("ip", "-n", self.attacker.namespace, "route", "add", "blackhole", SPOOFED_SOURCES)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        while self._made:
            subprocess.run(["ip", "netns", "delete", self._made.pop()], capture_output=True, timeout=20, check=False)
