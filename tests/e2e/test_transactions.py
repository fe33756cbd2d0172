"""What the protocol promises one client at a time: nonces, retransmissions, reservations, channel numbers."""

import hashlib
import os

import pytest
from testbed import stun
from testbed.process import wait_until
from testbed.relay import PASSWORD, SECRET, USER, ephemeral_credential

ALLOCATE_UDP = (stun.REQUESTED_TRANSPORT, stun.UDP)


def refresh(one) -> bytes:
    return one.authenticated(stun.REFRESH, stun.lifetime(600))


class TestNonces:
    def test_the_first_request_is_challenged(self, relay, client):
        relay()
        answer = client().exchange(stun.encode(stun.ALLOCATE, stun.REQUEST, [ALLOCATE_UDP]))
        assert answer.error == 401 and answer.get(stun.REALM) and answer.get(stun.NONCE)
        assert answer.get(stun.USERNAME) is None and answer.get(stun.MESSAGE_INTEGRITY) is None

    @pytest.mark.penstockd_only
    def test_a_challenge_is_small(self, relay, client):
        relay()
        request = stun.encode(stun.ALLOCATE, stun.REQUEST, [ALLOCATE_UDP])
        assert len(client().exchange(request).raw) <= 2.5 * len(request)

    def test_a_request_replayed_from_another_port_is_challenged(self, relay, client):
        relay()
        honest, thief = client(), client()
        assert honest.allocate().succeeded
        answer = thief.exchange(honest.authenticated(stun.ALLOCATE, ALLOCATE_UDP))
        assert answer.error in (401, 438)

    @pytest.mark.penstockd_only
    def test_an_old_nonce_is_stale_and_its_successor_works(self, relay, client):
        relay(settings={"auth": {"nonce_lifetime_s": 10}})
        one = client()
        assert one.allocate().succeeded
        assert one.exchange(refresh(one)).succeeded
        wait_until(lambda: one.exchange(refresh(one)).error == 438, 25, "438 Stale Nonce", every_s=1)
        assert one.exchange(refresh(one)).get(stun.NONCE) not in (None, one.nonce)
        assert one.refresh(600).succeeded

    @pytest.mark.parametrize("forge", [
        lambda nonce: bytes(len(nonce)), lambda nonce: nonce[:-1], lambda nonce: nonce + b"x",
        lambda nonce: nonce[:-1] + bytes([nonce[-1] ^ 1]), lambda nonce: b"f" * 127, lambda nonce: b""])
    def test_a_forged_nonce_is_never_accepted(self, relay, client, forge):
        relay()
        one = client()
        assert one.allocate().succeeded
        one.nonce = forge(one.nonce)
        assert one.exchange(refresh(one)).error in (400, 401, 438)


@pytest.mark.penstockd_only
class TestSha256:
    """The RFC 8489 set: nonce cookie, PASSWORD-ALGORITHMS, USERHASH, MESSAGE-INTEGRITY-SHA256."""

    def offered(self, one) -> bytes:
        """Takes the challenge and returns its PASSWORD-ALGORITHMS."""
        # A challenge has at most 2.5 times the request's bytes; the offer does not fit what 28 bytes allow.
        software = (0x8022, b"an RFC 8489 client")
        challenge = one.exchange(stun.encode(stun.ALLOCATE, stun.REQUEST, [ALLOCATE_UDP, software]))
        one.realm, one.nonce = challenge.get(stun.REALM), challenge.get(stun.NONCE)
        assert one.nonce.startswith(b"obMatJos2")  # RFC 8489 section 9.2
        return challenge.get(stun.PASSWORD_ALGORITHMS)

    def allocate(self, one, algorithms: bytes, user: tuple[int, bytes]) -> stun.Message:
        key = hashlib.sha256(f"{USER}:{one.realm.decode()}:{PASSWORD}".encode()).digest()
        attributes = [ALLOCATE_UDP, user, (stun.REALM, one.realm), (stun.NONCE, one.nonce),
                      (stun.PASSWORD_ALGORITHMS, algorithms), (stun.PASSWORD_ALGORITHM, stun.SHA256)]
        answer = one.exchange(stun.encode(stun.ALLOCATE, stun.REQUEST, attributes, key, digest=hashlib.sha256))
        assert not answer.succeeded or stun.integrity_holds(answer, key)
        return answer

    @pytest.mark.parametrize("hidden", [False, True])
    def test_a_client_that_knows_it_is_served(self, relay, client, hidden):
        relay()
        one = client()
        algorithms = self.offered(one)
        assert stun.SHA256 in algorithms
        name = (stun.USERHASH, hashlib.sha256(f"{USER}:{one.realm.decode()}".encode()).digest())
        assert self.allocate(one, algorithms, name if hidden else (stun.USERNAME, USER.encode())).succeeded

    def test_bidding_down_is_noticed(self, relay, client):
        """RFC 8489 section 9.2.4: PASSWORD-ALGORITHMS has to come back as it was sent."""
        relay()
        one = client()
        self.offered(one)
        assert self.allocate(one, stun.SHA256, (stun.USERNAME, USER.encode())).error == 400


class TestEphemeralCredentials:
    def test_expired_ones_are_refused(self, relay, client):
        relay(users={}, secrets=[SECRET])
        assert client(ephemeral_credential(SECRET, lifetime_s=-60)).allocate().error == 401
        assert client(ephemeral_credential("not the secret")).allocate().error == 401
        assert client(ephemeral_credential(SECRET)).allocate().succeeded

    def test_two_live_secrets_make_rotation_possible(self, relay, client):
        relay(users={}, secrets=["old secret", "new secret"])
        for secret in ("old secret", "new secret"):
            assert client(ephemeral_credential(secret)).allocate().succeeded


class TestRetransmissions:
    def test_each_request_is_answered_with_the_same_bytes(self, network, relay, client):
        relay(workers=2)
        one = client()
        challenge = one.exchange(stun.encode(stun.ALLOCATE, stun.REQUEST, [ALLOCATE_UDP]))
        one.realm, one.nonce = challenge.get(stun.REALM), challenge.get(stun.NONCE)
        peer = (network.peer.ipv4, 3480)
        for request in (one.authenticated(stun.ALLOCATE, ALLOCATE_UDP),
                        one.authenticated(stun.CREATE_PERMISSION, stun.peer_address(*peer)),
                        one.authenticated(stun.CHANNEL_BIND, stun.channel_number(0x4000), stun.peer_address(*peer)),
                        one.authenticated(stun.REFRESH, stun.lifetime(900))):
            first = one.exchange(request)
            assert first.succeeded
            assert [one.exchange(request).raw for _ in range(3)] == [first.raw] * 3

    def test_a_second_allocate_on_the_same_five_tuple_is_a_mismatch(self, relay, client):
        relay()
        one = client()
        assert one.allocate().succeeded
        assert one.allocate().error == 437

    @pytest.mark.penstockd_only  # coturn refuses the five-tuple for a while
    def test_deleting_twice_does_no_harm(self, relay, client):
        relay()
        one = client()
        assert one.allocate().succeeded
        request = one.authenticated(stun.REFRESH, stun.lifetime(0))
        assert one.exchange(request).succeeded
        again = one.exchange(request)
        assert again.succeeded or again.error == 437  # RFC 8656 section 7.3: either means it is gone
        assert one.allocate().succeeded


class TestReservations:
    @pytest.mark.parametrize("workers", [1, 2])
    def test_the_odd_port_is_claimed_from_another_five_tuple(self, relay, client, workers):
        """Forty pairs: with two workers, about half are claimed on another one than made them."""
        relay(workers=workers)
        for _ in range(40):
            one, other = client(), client()
            reserved = one.allocate((stun.EVEN_PORT, b"\x80"))
            assert reserved.succeeded and one.relayed[1] % 2 == 0
            token = reserved.get(stun.RESERVATION_TOKEN)
            assert token and len(token) == 8
            assert other.allocate((stun.RESERVATION_TOKEN, token)).succeeded
            assert other.relayed == (one.relayed[0], one.relayed[1] + 1)
            for each in (one, other):
                assert each.refresh(0).succeeded

    @pytest.mark.penstockd_only
    def test_a_token_is_good_once(self, relay, client):
        relay(workers=2)
        token = client().allocate((stun.EVEN_PORT, b"\x80")).get(stun.RESERVATION_TOKEN)
        assert client().allocate((stun.RESERVATION_TOKEN, token)).succeeded
        for _ in range(4):
            assert client().allocate((stun.RESERVATION_TOKEN, token)).error == 508
        assert client().allocate((stun.RESERVATION_TOKEN, os.urandom(8))).error == 508

    @pytest.mark.penstockd_only
    def test_a_token_excludes_what_contradicts_it(self, relay, client):
        """RFC 8656 section 7.2, items 5 and 6."""
        relay()
        token = client().allocate((stun.EVEN_PORT, b"\x80")).get(stun.RESERVATION_TOKEN)
        for contradiction in ((stun.EVEN_PORT, b"\x00"), (stun.REQUESTED_ADDRESS_FAMILY, stun.FAMILY_IPV4)):
            assert client().allocate((stun.RESERVATION_TOKEN, token), contradiction).error == 400


class TestChannelNumbers:
    @pytest.mark.parametrize("number", [0x0000, 0x3FFF, 0x8000, 0xFFFF])  # RFC 5766 clients pick up to 0x7FFF
    def test_numbers_outside_the_range_are_refused(self, network, relay, client, number):
        relay()
        one = client()
        assert one.allocate().succeeded
        assert one.bind_channel(number, (network.peer.ipv4, 3480)).error == 400

    def test_a_channel_belongs_to_one_peer_and_a_peer_to_one_channel(self, network, relay, client):
        relay()
        one = client()
        assert one.allocate().succeeded
        peer, other_peer = (network.peer.ipv4, 3480), (network.peer.ipv4, 3481)
        for number in (0x4000, 0x4000):  # binding again is a refresh
            assert one.bind_channel(number, peer).succeeded
        assert one.bind_channel(0x4FFF, other_peer).succeeded
        assert one.bind_channel(0x4000, other_peer).error == 400
        assert one.bind_channel(0x4001, peer).error == 400
        assert one.request(stun.CHANNEL_BIND, stun.channel_number(0x4002)).error == 400
        assert one.request(stun.CHANNEL_BIND, stun.peer_address(network.peer.ipv4, 9)).error == 400
