"""The daemon as an operator meets it: flags alone, mistakes named, health, metrics, billing, limits."""

import json
import subprocess
import time

import pytest
from testbed import metrics
from testbed.peer_socket import PeerSocket
from testbed.process import Process, wait_until
from testbed.relay import PASSWORD, SECRET, USER, binary_directory
from testbed.turn_client import NoAnswer, TurnClient, echo_works

pytestmark = pytest.mark.penstockd_only
CHANNEL = 0x4000


def penstock(program: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run([binary_directory() / program, *arguments], capture_output=True, text=True, timeout=20,
                          check=False)


def connected(network, one: TurnClient, peer=None) -> TurnClient:
    assert one.allocate().succeeded
    assert one.bind_channel(CHANNEL, peer or (network.peer.ipv4, 3480)).succeeded
    return one


def allocates(one: TurnClient) -> bool:
    try:
        return one.allocate().succeeded
    except NoAnswer:
        return False


@pytest.mark.parametrize("listen", ["10.77.2.2", "10.77.2.2:3478", "0.0.0.0", "", "[::]:3478"])
def test_flags_alone_are_enough(network, client, echo_peer, listen):
    where = ["--listen", listen] if listen else []
    with Process(network.relay, str(binary_directory() / "penstockd"), *where, "--user", f"{USER}:{PASSWORD}",
                 "--allow-peer", "10.77.0.0/16") as daemon:
        wait_until(lambda: not daemon.running() or allocates(client()), 20, f"an allocation: {daemon.output()}")
        assert echo_works(connected(network, client()), CHANNEL), daemon.output()


@pytest.mark.parametrize("content, named", [
    ('[relay]\nport_min = 100\n', "port_min"), ('[relay]\nport_mim = 20000\n', "port_mim"),
    ('[auth]\nusers = ["ada:x"]\n[peers]\nallow = ["10.0.0.0/33"]\n', "10.0.0.0/33"), ("[auth\n", "line")])
def test_check_config_names_file_line_and_reason(tmp_path, content, named):
    path = tmp_path / "penstock.toml"
    path.write_text(content, encoding="utf-8")
    outcome = penstock("penstockd", "--check-config", str(path))
    assert outcome.returncode != 0
    said = outcome.stdout + outcome.stderr
    assert f"{path}:" in said and (named in said or named == "line")


def test_an_address_in_use_stops_the_start_with_a_sentence(network, relay):
    relay()
    with Process(network.relay, str(binary_directory() / "penstockd"), "--listen", network.relay.ipv4,
                 "--user", f"{USER}:{PASSWORD}", "--metrics", "127.0.0.1:9999") as second:
        assert second.wait(10) != 0
        assert network.relay.ipv4 in second.output()


def test_health_and_metrics_are_live(network, relay, client, echo_peer):
    one = relay(workers=2)
    assert "ok" in one.fetch("/healthz").lower()
    ada = connected(network, client())
    before = metrics.total(one.metrics(), "penstock_turn_relayed_packets_total", direction="to_peer")
    for _ in range(10):
        assert echo_works(ada, CHANNEL)
    now = one.metrics()
    for direction in ("to_peer", "to_client"):
        assert metrics.total(now, "penstock_turn_relayed_packets_total", direction=direction) == before + 10
    assert metrics.total(now, "penstock_turn_allocations") == 1
    assert metrics.total(now, "penstock_turn_channels") == 1
    assert {sample.labels["worker"] for sample in now if "worker" in sample.labels} == {"0", "1"}


def test_an_ended_allocation_leaves_one_record(network, relay, client, tmp_path):
    records = tmp_path / "allocations.jsonl"
    relay(workers=2, settings={"log": {"allocations_file": str(records)}})
    with PeerSocket(network.peer, network.peer.ipv4) as peer:
        ada = connected(network, client(), peer.address)
        for _ in range(3):
            ada.send_channel(CHANNEL, b"12345")
            assert peer.receive()[0] == b"12345"
        peer.send(b"1234567", ada.relayed)
        assert ada.receive_payload() == b"1234567"
    assert ada.refresh(0).succeeded
    wait_until(lambda: records.exists() and records.read_text().endswith("\n"), 5, "the record")
    (line,) = records.read_text().splitlines()
    record = json.loads(line)
    assert record["user"] == USER and record["reason"] == "refresh_zero"
    assert record["to_peer"] == {"packets": 3, "bytes": 15} and record["to_client"] == {"packets": 1, "bytes": 7}
    assert record["client"] == "{}:{}".format(*ada.socket.getsockname())


def test_a_user_gets_the_packet_rate_that_is_his_and_the_rest_is_counted(network, relay, client):
    one = relay(settings={"limits": {"user_to_peer_packets_per_s": 100}})
    with PeerSocket(network.peer, network.peer.ipv4) as peer:
        ada = connected(network, client(), peer.address)
        start, sent = time.monotonic(), 0
        while (elapsed := time.monotonic() - start) < 2:
            while sent < 500 * elapsed:
                ada.send_channel(CHANNEL, b"x" * 100)
                sent += 1
            time.sleep(0.005)
        received = 0
        while peer.receive(0.2) is not None:
            received += 1
    assert 150 <= received <= 450, f"{received} of {sent} in 2 s at 100/s"
    assert metrics.total(one.metrics(), "penstock_packets_dropped_total", reason="client_rate_limited") == sent - received


def test_penstockctl_issues_credentials_that_work(network, relay, client):
    one = relay(users={}, secrets=[SECRET])
    outcome = penstock("penstockctl", "credentials", "--secret", SECRET, "--json")
    assert outcome.returncode == 0, outcome.stderr
    issued = json.loads(outcome.stdout)
    assert client((issued["username"], issued["password"])).allocate().succeeded
    assert one.process.running()
