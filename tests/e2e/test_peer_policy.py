"""An address that is denied stays denied in whatever form it is written (RFC 8656 section 21.1.4, and every SSRF)."""

import pytest
from testbed import stun
from testbed.peer_socket import PeerSocket

pytestmark = pytest.mark.penstockd_only  # coturn allows private peers, and compares the forms as they are written

DENIED_IPV4 = (
    "127.0.0.1", "127.8.9.10", "0.0.0.0", "0.0.0.1", "10.77.1.2", "10.1.1.1", "100.64.0.1", "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.168.1.1", "198.18.0.1", "203.0.113.7", "224.0.0.1", "239.255.255.250",
    "255.255.255.255",
)
DENIED_IPV6 = (
    "::", "::1", "fe80::1", "fec0::1", "ff02::1", "fc00::1", "fd00::1", "2001:db8::1", "100::1",
    "::127.0.0.1", "::10.77.1.2",  # v4-compatible
    "2002:7f00:1::", "2002:a4d:102::1", "2002:a9fe:a9fe::1",  # 6to4
    "64:ff9b::127.0.0.1", "64:ff9b::10.77.1.2", "64:ff9b::169.254.169.254",  # NAT64, well-known prefix
    "64:ff9b:1::127.0.0.1",  # NAT64, local-use prefix
    "2001:0:7f00:1::1",  # Teredo
)
# To an IPv6 allocation these are IPv4 addresses, whatever they point to: 443 rather than 403.
MAPPED = ("::ffff:127.0.0.1", "::ffff:10.77.1.2", "::ffff:169.254.169.254", "::ffff:10.77.3.2")
ALLOWED = ("10.77.3.0/24", "fd77:3::/64")


def family_of(address: str) -> bytes:
    return stun.FAMILY_IPV6 if ":" in address else stun.FAMILY_IPV4


def test_denied_in_every_form_and_request(network, relay, client):
    relay(allowed_peers=ALLOWED)
    allocations = {family: client() for family in (stun.FAMILY_IPV4, stun.FAMILY_IPV6)}
    for family, one in allocations.items():
        assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, family)).succeeded
    errors = {}
    for address in DENIED_IPV4 + DENIED_IPV6 + MAPPED:
        one = allocations[family_of(address)]
        errors[address] = {one.create_permission(address).error, one.bind_channel(0x4000, (address, 80)).error}
    expected = {address: {443 if address in MAPPED else 403} for address in errors}
    assert errors == expected
    assert allocations[stun.FAMILY_IPV4].bind_channel(0x4000, (network.peer.ipv4, 80)).succeeded
    assert allocations[stun.FAMILY_IPV6].bind_channel(0x4000, (network.peer.ipv6, 80)).succeeded


def test_one_denied_address_spoils_the_whole_request(network, relay, client):
    relay(allowed_peers=ALLOWED)
    one = client()
    assert one.allocate().succeeded
    assert one.create_permission(network.peer.ipv4, "127.0.0.1").error == 403
    with PeerSocket(network.peer, network.peer.ipv4) as peer:
        one.send_indication(peer.address, b"not permitted")
        assert peer.receive(0.3) is None


def test_an_indication_reaches_no_service_of_the_relay_itself(network, relay, client):
    relay(allowed_peers=ALLOWED)
    one = client()
    assert one.allocate().succeeded
    for address in ("127.0.0.1", network.relay.ipv4):
        with PeerSocket(network.relay, address) as service:
            one.create_permission(address)
            one.bind_channel(0x4000, service.address)
            one.send_indication(service.address, b"knock knock")
            one.send_channel(0x4000, b"knock knock")
            assert service.receive(0.3) is None


def test_a_peer_of_the_other_family_is_a_mismatch(network, relay, client):
    relay()
    one = client()
    assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, stun.FAMILY_IPV4)).succeeded
    assert one.create_permission(network.peer.ipv6).error == 443
    assert one.bind_channel(0x4000, (network.peer.ipv6, 80)).error == 443
