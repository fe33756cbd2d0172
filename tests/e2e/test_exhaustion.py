"""Limits answer with the protocol's own refusal, harm nobody else, and recover."""

import pytest
from testbed import stun
from testbed.process import wait_until
from testbed.relay import PASSWORD
from testbed.turn_client import echo_works

FIRST_PORT = 20000


def peers(count: int) -> list[str]:
    return [f"10.77.3.{10 + number}" for number in range(count)]


@pytest.mark.penstockd_only
class TestWithinOneAllocation:
    LIMIT = 8
    SETTINGS = {"limits": {"allocation_permissions": LIMIT, "allocation_channels": LIMIT}}

    def test_permissions(self, network, relay, client, echo_peer):
        relay(settings=self.SETTINGS)
        one = client()
        assert one.allocate().succeeded
        assert one.bind_channel(0x4000, (network.peer.ipv4, 3480)).succeeded  # installs one permission
        for address in peers(self.LIMIT - 1):
            assert one.create_permission(address).succeeded
        assert one.create_permission("10.77.3.200").error == 508
        assert one.create_permission(peers(1)[0]).succeeded  # a refresh needs no room
        assert echo_works(one, 0x4000)

    def test_a_request_for_too_many_permissions_installs_none(self, network, relay, client):
        relay(settings=self.SETTINGS)
        one = client()
        assert one.allocate().succeeded
        assert one.create_permission(*peers(self.LIMIT + 1)).error == 508
        assert one.create_permission(*peers(self.LIMIT)).succeeded

    def test_channels(self, network, relay, client, echo_peer):
        relay(settings=self.SETTINGS)
        one = client()
        assert one.allocate().succeeded
        for number in range(self.LIMIT):
            assert one.bind_channel(0x4000 + number, (network.peer.ipv4, 3480 + number)).succeeded
        assert one.bind_channel(0x4FFF, (network.peer.ipv4, 4000)).error == 508
        assert one.bind_channel(0x4000, (network.peer.ipv4, 3480)).succeeded
        assert echo_works(one, 0x4000)


@pytest.mark.penstockd_only  # coturn answers success with 0.0.0.0:0
class TestPorts:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_ports_run_out_and_come_back(self, relay, client, workers):
        count = 8
        relay(workers=workers, port_range=(FIRST_PORT, FIRST_PORT + count - 1))
        holders = [client() for _ in range(count)]
        assert [one.allocate().error for one in holders] == [0] * count
        assert sorted(one.relayed[1] for one in holders) == list(range(FIRST_PORT, FIRST_PORT + count))
        late = client()
        assert late.allocate().error == 508
        assert holders[3].refresh(0).succeeded
        wait_until(lambda: late.allocate().succeeded, 5, "the freed port allocated again")
        assert late.relayed == holders[3].relayed

    def test_a_reservation_holds_its_port(self, relay, client):
        relay(port_range=(FIRST_PORT, FIRST_PORT + 1))
        one, other = client(), client()
        token = one.allocate((stun.EVEN_PORT, b"\x80")).get(stun.RESERVATION_TOKEN)
        assert other.allocate().error == 508
        assert other.allocate((stun.RESERVATION_TOKEN, token)).succeeded


@pytest.mark.penstockd_only
class TestAllocationsPerUser:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_the_quota_counts_the_user_on_every_worker(self, relay, client, workers):
        relay(workers=workers, users={"ada": PASSWORD, "bob": PASSWORD}, settings={"limits": {"user_allocations": 3}})
        mine = [client(("ada", PASSWORD)) for _ in range(3)]
        assert [one.allocate().error for one in mine] == [0] * 3
        assert [client(("ada", PASSWORD)).allocate().error for _ in range(4)] == [486] * 4
        assert client(("bob", PASSWORD)).allocate().succeeded
        assert mine[0].refresh(0).succeeded
        assert client(("ada", PASSWORD)).allocate().succeeded
