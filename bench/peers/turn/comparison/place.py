"""Where a comparison runs: on loopback, or in two network namespaces joined by a veth pair."""

import os
import subprocess

from dataclasses import dataclass


@dataclass(frozen=True)
class Addresses:
    """`clients` is the first of a block wide enough for a client per address; see turn_load --client-addresses."""

    server: str
    peer: str
    clients: str
    allowed_peers: str


class Loopback:
    name = "loopback"
    addresses = Addresses(server="127.0.0.1", peer="127.0.0.2", clients="127.1.0.1", allowed_peers="127.0.0.0/8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def at_server(self, command):
        return command

    def at_load(self, command):
        return command


class Namespaces:
    """Server and generator on hosts of their own. Ours to make and to remove; the host's network is not touched."""

    name = "namespaces"
    addresses = Addresses(server="10.76.0.1", peer="10.76.0.2", clients="10.77.0.1", allowed_peers="10.76.0.0/15")

    def __init__(self):
        self._server = f"peers-s-{os.getpid()}"
        self._load = f"peers-l-{os.getpid()}"

    def __enter__(self):
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _build(self):
        for namespace in (self._server, self._load):
            _ip("netns", "add", namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("link", "add", "veth0", "netns", self._server, "type", "veth", "peer", "name", "veth0", "netns", self._load)
        for namespace, address in ((self._server, self.addresses.server), (self._load, self.addresses.peer)):
            _ip("-n", namespace, "address", "add", f"{address}/24", "dev", "veth0")
            _ip("-n", namespace, "link", "set", "veth0", "up")
        # Every address of the block is a local one to the generator, without a line each.
        _ip("-n", self._load, "route", "add", "local", "10.77.0.0/16", "dev", "lo")
        _ip("-n", self._server, "route", "add", "10.77.0.0/16", "via", self.addresses.peer)

    def __exit__(self, *_):
        for namespace in (self._server, self._load):
            subprocess.run(["ip", "netns", "del", namespace], stderr=subprocess.DEVNULL, check=False)

    def at_server(self, command):
        return ["ip", "netns", "exec", self._server, *command]

    def at_load(self, command):
        return ["ip", "netns", "exec", self._load, *command]


def _ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)
