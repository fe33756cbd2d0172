"""aioice, the ICE of aiortc: as a TURN client it binds channels and never sends CreatePermission."""

import asyncio

import pytest
from testbed.ice_agents import connect, exchange, host_only, relay_only
from testbed.process import in_thread
from testbed.relay import PASSWORD, SECRET, USER, ephemeral_credential

MESSAGES = 200


def converse(network, make_agents) -> None:
    """Both directions, one after the other; agents are made on the loop that runs them."""
    async def conversation():
        one, other = make_agents()
        try:
            await connect(one, network.client, other, network.peer)
            await exchange(one, other, MESSAGES)
            await exchange(other, one, MESSAGES)
        finally:
            await asyncio.gather(one.close(), other.close())

    in_thread(network.client, lambda: asyncio.run(asyncio.wait_for(conversation(), 30)))


@pytest.mark.parametrize("workers", [1, 2])
def test_two_agents_both_behind_the_relay(network, relay, workers):
    relay(workers=workers)
    server = network.relay.ipv4
    converse(network, lambda: [relay_only(server, (USER, PASSWORD), controlling) for controlling in (True, False)])


def test_agent_behind_the_relay_reaches_a_plain_one(network, relay):
    relay(users={}, secrets=[SECRET])
    credential = ephemeral_credential(SECRET)
    converse(network, lambda: (relay_only(network.relay.ipv4, credential, controlling=True),
                               host_only(controlling=False)))
