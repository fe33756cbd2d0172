"""Pairs of aioice agents: gathered in the hosts they live in, introduced to each other, and made to talk."""

import asyncio

import aioice

from testbed.network import Host
from testbed.relay import PORT


def relay_only(server: str, credential: tuple[str, str], controlling: bool) -> aioice.Connection:
    return aioice.Connection(
        ice_controlling=controlling, turn_server=(server, PORT), turn_username=credential[0],
        turn_password=credential[1], use_ipv6=False, transport_policy=aioice.TransportPolicy.RELAY)


def host_only(controlling: bool) -> aioice.Connection:
    return aioice.Connection(ice_controlling=controlling, use_ipv6=False)


async def connect(one: aioice.Connection, one_host: Host, other: aioice.Connection, other_host: Host) -> None:
    """Sockets belong to the host in which they were opened, and only gathering opens any."""
    for agent, host in ((one, one_host), (other, other_host)):
        with host.entered():
            await agent.gather_candidates()
    for giver, taker in ((one, other), (other, one)):
        for candidate in giver.local_candidates:
            await taker.add_remote_candidate(candidate)
        await taker.add_remote_candidate(None)
        taker.remote_username, taker.remote_password = giver.local_username, giver.local_password
    await asyncio.gather(one.connect(), other.connect())


async def exchange(sender: aioice.Connection, receiver: aioice.Connection, messages: int) -> None:
    """Datagrams of every length from 1 to 1200 bytes arrive as they were sent."""
    sent = [bytes([number % 251]) * (1 + number * 1199 // max(1, messages - 1)) for number in range(messages)]

    async def send():
        for message in sent:
            await sender.send(message)
            await asyncio.sleep(0.002)

    async def receive():
        return [await receiver.recv() for _ in sent]

    _, received = await asyncio.gather(send(), asyncio.wait_for(receive(), 10))
    assert sorted(received) == sorted(sent)
