"""Requests without credentials, from addresses that never asked: no memory, no amplification, nobody else harmed."""

import time

import pytest
from testbed import stun, uclient
from testbed.flood import Flood
from testbed.process import resident_kib
from testbed.relay import PASSWORD, USER

RATE_PPS = 8000
GROWTH_KIB = 1024  # pages a sleeping relay had not touched yet, and the metrics listener's


def allocate_request() -> bytes:
    """Without credentials, and padded with SOFTWARE to the 64 bytes a browser's has."""
    return stun.encode(stun.ALLOCATE, stun.REQUEST, [(stun.REQUESTED_TRANSPORT, stun.UDP), (0x8022, b"x" * 32)])


def forged_request() -> bytes:
    """Credentials that look right and are not: user unknown, nonce invented."""
    return stun.encode(stun.ALLOCATE, stun.REQUEST, [
        (stun.REQUESTED_TRANSPORT, stun.UDP), (stun.USERNAME, b"mallory"), (stun.REALM, b"penstock.test"),
        (stun.NONCE, b"obMatJos2AAAA" + bytes(16))], key=b"0123456789abcdef")


@pytest.mark.penstockd_only  # coturn keeps a session, 19 KiB, for each
@pytest.mark.parametrize("make_request", [allocate_request, forged_request])
def test_a_flood_from_many_addresses_costs_no_memory_and_no_legitimate_packet(
        network, relay, echo_peer, make_request):
    one = relay(workers=2)

    def flood(packets):
        return Flood(network.attacker, network.relay.ipv4, 60000, packets, RATE_PPS, make_request)

    with flood(4000) as warm_up:
        warm_up.finish(20)
    before_kib = resident_kib(one.pid)
    with flood(64000) as attack:
        verdict = uclient.run_all(network.client, network.relay.ipv4, USER, PASSWORD, {
            "channels": ["-e", network.peer.ipv4, "-n", "100"],
            "send indications": ["-s", "-e", network.peer.ipv4, "-n", "100"]})
        attack.finish(20)
    growth_kib = resident_kib(one.pid) - before_kib
    assert verdict["channels"].perfect, verdict["channels"]
    assert verdict["send indications"].perfect, verdict["send indications"]
    assert growth_kib < GROWTH_KIB, f"{growth_kib} KiB more after {attack.sent} spoofed requests"


@pytest.mark.penstockd_only
@pytest.mark.parametrize("victims", [1, 16, 20000])
def test_a_flood_is_answered_with_less_than_it_sent(network, relay, victims):
    relay(workers=2)
    received_before, sent_before = network.router.link_bytes("attacker")
    with Flood(network.attacker, network.relay.ipv4, victims, 20000, 10000, allocate_request) as flood:
        flood.finish(20)
    time.sleep(0.3)
    received, sent = network.router.link_bytes("attacker")
    to_relay, to_victims = received - received_before, sent - sent_before
    assert to_relay > 20000 * 64
    assert to_victims < to_relay / 2, f"{to_victims} bytes of answers to {to_relay} bytes of spoofed requests"


@pytest.mark.penstockd_only
def test_new_clients_get_in_during_a_flood(network, relay, client):
    """One that repeats its request, as RFC 8489 section 6.2.1 asks, is told apart from one that does not."""
    relay(workers=2)
    with Flood(network.attacker, network.relay.ipv4, 60000, 80000, RATE_PPS, allocate_request):
        time.sleep(1)
        for _ in range(5):
            assert client().allocate().succeeded
