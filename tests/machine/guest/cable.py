"""The cable of the device under test, as the host pulls it: the relay notices, and recovers by itself."""

import time

from testbed import metrics, uclient
from testbed.process import Process, wait_until

import pinging
import place
from report import Case


def pull_and_plug(case: Case, relay, nic_name: str, credentials: tuple[str, str]) -> None:
    """`relay` is running; while its link is down a client goes on sending."""
    with Process(place.PEER, "turnutils_peer", "-L", place.PEER.ipv4), \
            uclient.start(place.CLIENT, place.RELAY.ipv4, *credentials, "-e", place.PEER.ipv4, "-n", "200"):
        time.sleep(1.5)
        _set(nic_name, "off")
        case.check("link down is noticed", _comes(relay, 0))
        time.sleep(1)
        _set(nic_name, "on")
        case.check("link up is noticed", _comes(relay, 1))
    answered = any(pinging.lost(place.CLIENT, place.RELAY.ipv4, count=5) == 0 for _ in range(4))
    case.check("ping after it", answered)
    with Process(place.PEER, "turnutils_peer", "-L", place.PEER.ipv4):
        modes = {"channels": ["-e", place.PEER.ipv4, "-n", "50"]}
        verdict = uclient.run_all(place.CLIENT, place.RELAY.ipv4, *credentials, modes, timeout_s=60)["channels"]
    case.check("channels after it", verdict.perfect, str(verdict).splitlines()[0])


def _set(nic_name: str, state: str) -> None:
    print(f"machine: link of {nic_name} {state}", flush=True)


def _comes(relay, up: int) -> bool:
    def read() -> bool:
        samples = metrics.parse(relay.fetch(place.RELAY, "/metrics"))
        return metrics.total(samples, "penstock_device_link_up") == up

    try:
        return wait_until(read, 20, "link", every_s=0.3)
    except TimeoutError:
        return False
