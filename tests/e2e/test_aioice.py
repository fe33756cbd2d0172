"""aioice, the ICE of aiortc: as a TURN client it binds channels and never sends CreatePermission."""

import asyncio

import aioice
import pytest
from testbed.process import in_thread
from testbed.relay import PASSWORD, PORT, SECRET, USER, ephemeral_credential

MESSAGES = 200


def relay_only(server: str, credential: tuple[str, str], controlling: bool):
    return aioice.Connection(
        ice_controlling=controlling, turn_server=(server, PORT), turn_username=credential[0],
        turn_password=credential[1], use_ipv6=False, transport_policy=aioice.TransportPolicy.RELAY)


def host_only(controlling: bool):
    return aioice.Connection(ice_controlling=controlling, use_ipv6=False)


async def gather(host, agent) -> None:
    """Sockets belong to the host in which they were opened, and only gathering opens any."""
    with host.entered():
        await agent.gather_candidates()


async def introduce(one, other) -> None:
    for giver, taker in ((one, other), (other, one)):
        for candidate in giver.local_candidates:
            await taker.add_remote_candidate(candidate)
        await taker.add_remote_candidate(None)
        taker.remote_username, taker.remote_password = giver.local_username, giver.local_password
    await asyncio.gather(one.connect(), other.connect())


async def exchange(sender, receiver) -> None:
    """Datagrams of every length from 1 byte to a full one arrive as they were sent."""
    sent = [bytes([number % 251]) * (1 + number * 1199 // (MESSAGES - 1)) for number in range(MESSAGES)]

    async def send():
        for message in sent:
            await sender.send(message)
            await asyncio.sleep(0.002)

    async def receive():
        return [await receiver.recv() for _ in sent]

    _, received = await asyncio.gather(send(), receive())
    assert sorted(received) == sorted(sent)


async def converse(client_host, peer_host, one, other) -> None:
    try:
        await gather(client_host, one)
        await gather(peer_host, other)
        await introduce(one, other)
        await exchange(one, other)
        await exchange(other, one)
    finally:
        await asyncio.gather(one.close(), other.close())


def run(host, coroutine) -> None:
    in_thread(host, lambda: asyncio.run(asyncio.wait_for(coroutine, 30)))


@pytest.mark.parametrize("workers", [1, 2])
def test_two_agents_both_behind_the_relay(network, relay, workers):
    relay(workers=workers)
    server = network.relay.ipv4
    one, other = (relay_only(server, (USER, PASSWORD), controlling) for controlling in (True, False))
    run(network.client, converse(network.client, network.peer, one, other))


def test_agent_behind_the_relay_reaches_a_plain_one(network, relay):
    relay(users={}, secrets=[SECRET])
    one = relay_only(network.relay.ipv4, ephemeral_credential(SECRET), controlling=True)
    run(network.client, converse(network.client, network.peer, one, host_only(controlling=False)))
