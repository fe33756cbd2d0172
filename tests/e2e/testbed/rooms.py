"""Where the relay's rooms are reached: /v1, WHIP and WHEP."""

from testbed.relay import HTTP_PORT, Penstockd
from testbed.rooms_api import RoomsApi


def authority(relay: Penstockd, family: int = 4) -> str:
    return f"[{relay.host.ipv6}]:{HTTP_PORT}" if family == 6 else f"{relay.host.ipv4}:{HTTP_PORT}"


def whip(relay: Penstockd, room: str, family: int = 4) -> str:
    return f"http://{authority(relay, family)}/whip/{room}"


def whep(relay: Penstockd, room: str, family: int = 4) -> str:
    return f"http://{authority(relay, family)}/whep/{room}"


def control_api(relay: Penstockd, host=None) -> RoomsApi:
    """As a signaling server on `host` (default: the relay's own) reaches it."""
    return RoomsApi(host or relay.host, relay.host.ipv4, HTTP_PORT)


def subscription(room: str, endpoint: str, name: str = "video") -> str:
    return f"/v1/rooms/{room}/endpoints/{endpoint}/subscriptions/{name}"


def track(room: str, endpoint: str, name: str = "video") -> str:
    return f"/v1/rooms/{room}/endpoints/{endpoint}/tracks/{name}"
