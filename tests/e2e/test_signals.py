"""SIGTERM drains, SIGHUP reloads: whoever has an allocation keeps it."""

import signal
import urllib.error

import pytest
from testbed.peer_socket import PeerSocket
from testbed.process import wait_until
from testbed.relay import ALLOWED_PEERS, PASSWORD, SECRET, ephemeral_credential
from testbed.turn_client import NoAnswer, TurnClient, echo_works

pytestmark = pytest.mark.penstockd_only
CHANNEL = 0x4000


@pytest.fixture
def connected(network, client, echo_peer):
    """A function that gives a client of `relay` with a channel to the echo peer."""
    def connect(credential) -> TurnClient:
        one = client(credential)
        assert one.allocate().succeeded
        assert one.bind_channel(CHANNEL, (network.peer.ipv4, 3480)).succeeded
        return one

    return connect


def reload(one, **options) -> None:
    for name, value in options.items():
        setattr(one.options, name, value)
    one.write_configuration()
    one.process.signal(signal.SIGHUP)


def refused(late: TurnClient) -> bool:
    """An allocation that slipped in before the workers heard of the drain is given back, or they would wait for it."""
    answer = late.allocate()
    return answer.error in (486, 508) or not late.refresh(0).succeeded


class TestReload:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_users_change_and_allocations_live_on(self, relay, client, connected, workers):
        one = relay(workers=workers, users={"ada": PASSWORD})
        ada = connected(("ada", PASSWORD))
        assert client(("bob", PASSWORD)).allocate().error == 401
        reload(one, users={"bob": PASSWORD})
        wait_until(lambda: client(("bob", PASSWORD)).allocate().succeeded, 5, "bob may allocate")
        assert client(("ada", PASSWORD)).allocate().error == 401
        assert echo_works(ada, CHANNEL)

    def test_secrets_rotate(self, relay, client, connected):
        one = relay(users={}, secrets=[SECRET])
        old = connected(ephemeral_credential(SECRET))
        reload(one, secrets=[SECRET, "next"])
        wait_until(lambda: client(ephemeral_credential("next")).allocate().succeeded, 5, "the new secret is accepted")
        assert client(ephemeral_credential(SECRET)).allocate().succeeded
        reload(one, secrets=["next"])
        wait_until(lambda: client(ephemeral_credential(SECRET)).allocate().error == 401, 5, "the old one is refused")
        assert echo_works(old, CHANNEL)

    def test_live_permissions_are_checked_again(self, network, relay, connected):
        one = relay()
        ada = connected(("ada", PASSWORD))
        with PeerSocket(network.client, network.client.ipv4) as kept:
            assert ada.bind_channel(CHANNEL + 1, kept.address).succeeded
            reload(one, allowed_peers=tuple(prefix for prefix in ALLOWED_PEERS if not prefix.startswith("10.77.3.")))
            wait_until(lambda: not echo_works(ada, CHANNEL, tries=1), 10, "the peer is out of reach")
            assert ada.bind_channel(CHANNEL, (network.peer.ipv4, 3480)).error == 403
            ada.send_channel(CHANNEL + 1, b"still allowed")
            assert kept.receive()[0] == b"still allowed"

    def test_a_broken_file_changes_nothing(self, relay, client, connected):
        one = relay()
        ada = connected(("ada", PASSWORD))
        path = one.write_configuration()
        path.write_text("[limits\nnonsense = ", encoding="utf-8")
        one.process.signal(signal.SIGHUP)
        wait_until(lambda: path.name in one.log(), 5, "the log names the file")
        assert echo_works(ada, CHANNEL)
        assert client(("ada", PASSWORD)).allocate().succeeded


class TestDrain:
    def test_existing_allocations_are_served_and_new_ones_refused(self, relay, client, connected):
        one = relay(workers=2)
        ada, bob = connected(("ada", PASSWORD)), connected(("ada", PASSWORD))
        one.process.signal(signal.SIGTERM)
        wait_until(lambda: refused(client()), 5, "new allocations are refused")
        with pytest.raises(urllib.error.HTTPError):
            one.fetch("/readyz")
        assert "ok" in one.fetch("/healthz").lower()
        assert ada.refresh(600).succeeded
        assert echo_works(ada, CHANNEL) and echo_works(bob, CHANNEL)
        assert one.process.running()
        for each in (ada, bob):
            assert each.refresh(0).succeeded
        assert one.process.wait(10) == 0

    def test_the_deadline_ends_it(self, relay, connected):
        one = relay(settings={"drain": {"deadline_s": 2}})
        ada = connected(("ada", PASSWORD))
        one.process.signal(signal.SIGTERM)
        assert echo_works(ada, CHANNEL)
        assert one.process.wait(10) == 0
        with pytest.raises(NoAnswer):
            ada.exchange(ada.authenticated(4), timeout_s=0.1, tries=2)

    def test_an_idle_relay_ends_at_once(self, relay):
        one = relay(workers=2)
        one.process.signal(signal.SIGTERM)
        assert one.process.wait(5) == 0
