"""A plain UDP socket on the peer's side that sees the traffic class (DSCP and ECN) of what arrives."""

import ipaddress
import socket

from testbed.network import Host

_IPV6_RECVTCLASS, _IPV6_TCLASS = 66, 67  # absent from Python's socket module on some builds


class PeerSocket:
    """Bound to an address of `host`; `with` closes it."""

    def __init__(self, host: Host, address: str):
        self._ipv6 = ipaddress.ip_address(address).version == 6
        with host.entered():
            self.socket = socket.socket(socket.AF_INET6 if self._ipv6 else socket.AF_INET, socket.SOCK_DGRAM)
        watch_traffic_class(self.socket)
        self.socket.bind((address, 0))
        self.address = self.socket.getsockname()[:2]

    def receive(self, timeout_s: float = 2) -> tuple[bytes, int, tuple[str, int]] | None:
        """(payload, traffic class byte, source) of the next datagram; None if there is none in time."""
        return receive_with_traffic_class(self.socket, timeout_s)

    def send(self, payload: bytes, to: tuple[str, int], traffic_class: int = 0) -> None:
        set_traffic_class(self.socket, traffic_class)
        self.socket.sendto(payload, to)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def watch_traffic_class(one: socket.socket) -> None:
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVTCLASS, 1)
    else:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)


def set_traffic_class(one: socket.socket, value: int) -> None:
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, _IPV6_TCLASS, value)
    else:
        one.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, value)


def receive_with_traffic_class(one: socket.socket, timeout_s: float):
    one.settimeout(timeout_s)
    try:
        payload, ancillary, _, source = one.recvmsg(65536, 256)
    except TimeoutError:
        return None
    traffic_class = 0
    for level, kind, value in ancillary:
        if (level, kind) in ((socket.IPPROTO_IP, socket.IP_TOS), (socket.IPPROTO_IPV6, _IPV6_TCLASS)):
            traffic_class = value[0]
    return payload, traffic_class, source[:2]
