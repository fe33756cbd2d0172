"""Chromium calls itself through the relay alone: audio, video and a data channel, both ways."""

import pytest
from testbed.process import wait_until
from testbed.relay import PASSWORD, SECRET, USER, ephemeral_credential
from testbed.relay_call import relay_call

FRAMES = 50
ECHOES = 200


def flows(report: dict) -> bool:
    media = all(report[end]["framesDecoded"] > FRAMES and report[end]["audioPackets"] > FRAMES
                for end in ("caller", "callee"))
    return media and report["echoes"] == ECHOES


def assert_call_works(network, credential, server):
    with relay_call(network.client, server, credential) as call:
        call.send_echoes("hello", ECHOES)
        try:
            wait_until(lambda: flows(call.report()), 25, "media and echoes in both directions", every_s=0.25)
        except TimeoutError as error:
            pytest.fail(f"{error}: {call.report()}")
        report = call.report()
        for end in ("caller", "callee"):
            assert report[end]["state"] == "connected"
            assert report[end]["pairs"] == [["relay", "relay"]]
        call.hang_up()


@pytest.mark.parametrize("workers", [1, 2])
def test_call_with_long_term_credentials(network, relay, workers):
    relay(workers=workers)
    assert_call_works(network, (USER, PASSWORD), network.relay.ipv4)


def test_call_with_ephemeral_credentials(network, relay):
    relay(users={}, secrets=[SECRET])
    assert_call_works(network, ephemeral_credential(SECRET), network.relay.ipv4)


def test_call_over_ipv6(network, relay):
    relay()
    assert_call_works(network, (USER, PASSWORD), network.relay.ipv6)
