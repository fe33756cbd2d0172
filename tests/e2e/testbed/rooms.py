"""Where the relay's rooms are reached: /v1, WHIP and WHEP."""

from testbed.relay import API_PORT, HTTP_PORT, Penstockd
from testbed.rooms_api import RoomsApi


def authority(relay: Penstockd, family: int = 4) -> str:
    return f"[{relay.host.ipv6}]:{HTTP_PORT}" if family == 6 else f"{relay.host.ipv4}:{HTTP_PORT}"


def whip(relay: Penstockd, room: str, family: int = 4) -> str:
    return f"http://{authority(relay, family)}/whip/{room}"


def whep(relay: Penstockd, room: str, family: int = 4) -> str:
    return f"http://{authority(relay, family)}/whep/{room}"


def control_api(relay: Penstockd) -> RoomsApi:
    """As a signaling server beside the relay reaches it: without TLS and tokens it is loopback's alone."""
    return RoomsApi(relay.host, "127.0.0.1", API_PORT)


def subscription(room: str, endpoint: str, name: str = "video") -> str:
    return f"/v1/rooms/{room}/endpoints/{endpoint}/subscriptions/{name}"


def track(room: str, endpoint: str, name: str = "video") -> str:
    return f"/v1/rooms/{room}/endpoints/{endpoint}/tracks/{name}"
