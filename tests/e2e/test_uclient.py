"""coturn's own client through the relay: every way it knows to send, and no packet lost."""

import pytest
from testbed import uclient
from testbed.relay import PASSWORD, SECRET, USER


def modes(network) -> dict[str, list[str]]:
    """The same four-second runs, side by side; -c leaves out the RTCP twin, -n is messages per client."""
    ipv4_peer = ["-e", network.peer.ipv4]
    ipv6_peer = ["-e", network.peer.ipv6]
    from_ipv6 = f"server={network.relay.ipv6}"
    return {
        "channels": [*ipv4_peer, "-n", "50"],
        "send indications": ["-s", *ipv4_peer, "-n", "50"],
        "client to client, channels": ["-y", "-n", "50"],
        "client to client, send indications": ["-y", "-s", "-n", "50"],
        "ipv6 relay, ipv4 client": ["-x", *ipv6_peer, "-n", "50"],
        "ipv6 relay, ipv6 client": ["-x", *ipv6_peer, "-n", "50", from_ipv6],
        "ipv4 relay, ipv6 client": ["-X", *ipv4_peer, "-n", "50", from_ipv6],
        "ipv6 client to client": ["-x", "-y", "-n", "50", from_ipv6],
        "dual allocation": ["-Z", "-y", "-n", "50"],
        "dual allocation, send indications": ["-Z", "-y", "-s", "-n", "50"],
        "dont fragment": ["-g", *ipv4_peer, "-n", "50"],
        "dont fragment, send indications": ["-g", "-s", *ipv4_peer, "-n", "50"],
        "extra permissions and bindings": ["-G", *ipv4_peer, "-n", "50"],
        "odd payload": [*ipv4_peer, "-l", "173", "-n", "50"],
        "full datagram": [*ipv4_peer, "-l", "1400", "-n", "50"],
        "twenty clients": ["-y", "-m", "20", "-n", "50"],
    }


def assert_nothing_lost(verdicts):
    failed = {mode: verdict for mode, verdict in verdicts.items() if not verdict.perfect}
    assert not failed, "\n\n".join(f"{mode}: {verdict}" for mode, verdict in failed.items())


@pytest.mark.parametrize("workers", [1, 2])
def test_every_mode_loses_nothing(network, relay, echo_peer, workers):
    relay(workers=workers)
    assert_nothing_lost(uclient.run_all(network.client, network.relay.ipv4, USER, PASSWORD, modes(network)))


@pytest.mark.parametrize("workers", [1, 2])
def test_ephemeral_credentials(network, relay, echo_peer, workers):
    relay(workers=workers, users={}, secrets=[SECRET])
    runs = {mode: ["-W", SECRET, *arguments] for mode, arguments in modes(network).items()
            if mode in ("channels", "client to client, send indications", "dual allocation")}
    assert_nothing_lost(uclient.run_all(network.client, network.relay.ipv4, USER, "", runs))


def test_many_clients_lose_nothing(network, relay):
    relay(workers=2)
    runs = {"a hundred clients": ["-y", "-m", "100", "-n", "20", "-c"]}
    assert_nothing_lost(uclient.run_all(network.client, network.relay.ipv4, USER, PASSWORD, runs, timeout_s=90))


def test_wrong_credentials_relay_nothing(network, relay, echo_peer):
    relay()
    peer = ["-e", network.peer.ipv4]
    for user, password, extra in ((USER, "wrong", []), ("nobody", PASSWORD, []), (USER, "", ["-W", SECRET])):
        verdict = uclient.run_all(network.client, network.relay.ipv4, user, password, {"run": [*extra, *peer]}, 4)
        assert not verdict["run"].received, f"{user}/{password} {extra} got through: {verdict['run']}"
