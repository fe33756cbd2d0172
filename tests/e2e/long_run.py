"""A call in Chromium, a pair of aioice agents and turnutils_uclient, for longer than anything lasts unrefreshed.

Started by ./long_run, not by ctest. Every ten seconds media must have moved on in every direction.
"""

import asyncio
import os
import threading
import time

from testbed import uclient
from testbed.ice_agents import connect, exchange, relay_only
from testbed.process import in_thread
from testbed.relay import PASSWORD, USER
from testbed.relay_call import relay_call

DURATION_S = int(os.environ.get("PENSTOCK_LONG_RUN_S", "670"))
LOOK_EVERY_S = 10
# Of about 200 and 500: a machine with something else to do encodes fewer, and a relay that lost the call, none.
FRAMES_PER_LOOK, AUDIO_PACKETS_PER_LOOK = 10, 100
LOST_SHARE = 0.001


class IceAgents(threading.Thread):
    """Two agents, both behind the relay, exchange a few datagrams each way every five seconds."""

    def __init__(self, network):
        super().__init__(daemon=True)
        self._network = network
        self.rounds, self.error = 0, None

    async def _converse(self) -> None:
        server = self._network.relay.ipv4
        one, other = (relay_only(server, (USER, PASSWORD), controlling) for controlling in (True, False))
        await connect(one, self._network.client, other, self._network.peer)
        deadline = time.monotonic() + DURATION_S
        while time.monotonic() < deadline:
            await exchange(one, other, 20)
            await exchange(other, one, 20)
            self.rounds += 1
            await asyncio.sleep(5)
        await asyncio.gather(one.close(), other.close())

    def run(self) -> None:
        try:
            in_thread(self._network.client, lambda: asyncio.run(self._converse()))
        except BaseException as error:  # reported by the test's own thread
            self.error = repr(error)


def media_moved_on(before: dict, now: dict) -> bool:
    return now["echoes"] > before["echoes"] and all(
        now[end]["state"] == "connected"
        and now[end]["framesDecoded"] - before[end]["framesDecoded"] >= FRAMES_PER_LOOK
        and now[end]["audioPackets"] - before[end]["audioPackets"] >= AUDIO_PACKETS_PER_LOOK
        for end in ("caller", "callee"))


def watch(call, agents) -> dict:
    """Looks every ten seconds until the time is up; the last report."""
    start = time.monotonic()
    before = call.report()
    while (elapsed := time.monotonic() - start) < DURATION_S:
        call.send_echoes(f"at {elapsed:.0f} s", 10)
        time.sleep(LOOK_EVERY_S)
        now = call.report()
        frames = {end: now[end]["framesDecoded"] for end in ("caller", "callee")}
        print(f"{elapsed + LOOK_EVERY_S:4.0f} s  frames {frames}  echoes {now['echoes']}  ice rounds {agents.rounds}"
              f"{'  ice: ' + agents.error if agents.error else ''}", flush=True)
        assert media_moved_on(before, now), f"media stood still: {before} -> {now}"
        before = now
    return before


def test_a_call_outlives_permissions_channels_and_allocations(network, relay, echo_peer):
    relay(workers=2)
    messages = ["-n", str(DURATION_S * 5), "-z", "200", "-e", network.peer.ipv4]
    runs = {mode: uclient.start(network.client, network.relay.ipv4, USER, PASSWORD, *extra, *messages)
            for mode, extra in (("channels", []), ("send indications", ["-s"]))}
    agents = IceAgents(network)
    agents.start()
    try:
        with relay_call(network.client, network.relay.ipv4, (USER, PASSWORD)) as call:
            report = watch(call, agents)
            call.hang_up()
        agents.join(30)
        assert not agents.is_alive() and agents.error is None, agents.error
        for mode, process in runs.items():
            process.wait(90)
            verdict = uclient.parse(process.output())
            print(f"turnutils_uclient, {mode}: sent {verdict.sent}, received {verdict.received}, lost {verdict.lost}")
            assert verdict.perfect, verdict
    finally:
        for process in runs.values():
            process.stop(grace_s=0)
    for end in ("caller", "callee"):
        assert report[end]["pairs"] == [["relay", "relay"]]
        assert report[end]["lost"] <= LOST_SHARE * report[end]["audioPackets"]
    print(f"verdict: a call of {DURATION_S} s lived, {report['caller']['framesDecoded']} frames decoded")
