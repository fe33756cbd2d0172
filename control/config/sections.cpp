// Every key of the configuration file: its name, limits, and the text an operator reads.

#include "control/config/config.h"

namespace penstock::control {
namespace {
constexpr auto kStart = Applies::at_start;
constexpr auto kReload = Applies::on_reload;
constexpr std::uint32_t kDay = 86400;
}  // namespace

void ListenSection::describe(Keys& keys) {
  keys.section("listen", "Where TURN clients come in (UDP).");
  keys.add(
      "addresses", addresses, kStart,
      "\"ADDRESS\", \"ADDRESS:PORT\" or \"[IPV6]:PORT\". Empty, or a wildcard (\"0.0.0.0\", \"::\"): every address\n"
      "of this host except link-local and loopback.");
  keys.add("port", port, {1, 65535}, kStart, "For addresses written without a port.");
}

void RelaySection::describe(Keys& keys) {
  keys.section("relay", "Where allocations live.");
  keys.add("addresses", addresses, kStart,
           "\"ADDRESS\", or \"ADDRESS=ADVERTISED\" behind a 1:1 NAT. Empty: the listening addresses.");
  keys.add("port_min", port_min, {1024, 65535}, kStart, "First relayed port.");
  keys.add("port_max", port_max, {1024, 65535}, kStart,
           "Last relayed port. From 32768 on, Linux hands the same ports to other programs.");
}

void AuthSection::describe(Keys& keys) {
  keys.section("auth", "Who may allocate. At least one user or secret is needed.");
  keys.add("realm", realm, kReload, "Part of every password's hash; usually the domain.");
  keys.add("users", users, kReload, "Long-term credentials, \"NAME:PASSWORD\".");
  keys.add("users_file", users_file, kReload, "More of them, one per line; # starts a comment. Relative to this file.");
  keys.add(
      "secrets", secrets, kReload,
      "Shared secrets for ephemeral credentials (user name \"EXPIRY:NAME\"); several can be live at once, so that\n"
      "they can be rotated. Also read from the environment: PENSTOCK_SECRETS, one per line.");
  keys.add("secrets_file", secrets_file, kReload, "More of them, one per line; # starts a comment.");
  keys.add("nonce_lifetime_s", nonce_lifetime_s, {10, kDay}, kReload,
           "Seconds until a nonce is stale and the client is given another.");
}

void PeersSection::describe(Keys& keys) {
  keys.section(
      "peers",
      "Who may be reached through the relay. Private, loopback, link-local, multicast and reserved addresses are\n"
      "denied from the start; the longest prefix wins, and deny wins over allow of the same length.");
  keys.add("allow", allow, kReload, "Prefixes to allow, such as \"10.20.0.0/16\".");
  keys.add("deny", deny, kReload, "Prefixes to deny.");
  keys.add("own_addresses", own_addresses, kReload,
           "More addresses of this appliance to deny. Those of its interfaces are known, unless a prefix allows them.");
}

void LimitsSection::describe(Keys& keys) {
  keys.section("limits", "0 means no limit. Bits count IP payload bytes; what exceeds a rate is dropped and counted.");
  keys.add("user_allocations", user.allocations, kReload, "Allocations a user may hold (486 beyond).");
  keys.add("user_to_peer_bits_per_s", user.to_peer_bits_per_s, kReload, "Per user, client to peer.");
  keys.add("user_to_client_bits_per_s", user.to_client_bits_per_s, kReload, "Per user, peer to client.");
  keys.add("user_to_peer_packets_per_s", user.to_peer_packets_per_s, kReload, "Per user, client to peer.");
  keys.add("user_to_client_packets_per_s", user.to_client_packets_per_s, kReload, "Per user, peer to client.");
  keys.add("total_allocations", total.allocations, kReload, "Of all workers. 0: what their tables hold.");
  keys.add("total_bits_per_s", total.bits_per_s, kReload, "Of everybody, both directions together.");
  keys.add("total_packets_per_s", total.packets_per_s, kReload, "Of everybody, both directions together.");
  keys.add("allocation_permissions", allocation.permissions, {1, 65535}, kReload, "Permissions of one allocation.");
  keys.add("allocation_channels", allocation.channels, {1, 4096}, kReload, "Channels of one allocation.");
  keys.add("lifetime_default_s", allocation.lifetime_default_s, {60, kDay}, kReload,
           "Seconds an allocation lives when the client does not say.");
  keys.add("lifetime_max_s", allocation.lifetime_max_s, {60, kDay}, kReload, "Seconds a client may ask for.");
}

void AnswersSection::describe(Keys& keys) {
  keys.section("answers", "Answers to what anybody may send: Binding, 401, 438. They must not serve to flood others.");
  keys.add("per_v4_address_per_s", rates.per_v4_address_per_s, {1, 1000000}, kReload,
           "Per IPv4 address; Binding and renewed nonces: four times as many.");
  keys.add("per_v6_network_per_s", rates.per_v6_network_per_s, {1, 1000000}, kReload, "Per IPv6 /64.");
  keys.add("burst_s", rates.burst_s, {1, 60}, kReload, "Seconds' worth that may come at once.");
  keys.add("software", software, kReload, "The SOFTWARE attribute. Empty: not sent.");
}

void WorkersSection::describe(Keys& keys) {
  keys.section("workers", "The threads that move packets, one per core.");
  keys.add("count", count, {0, kMostWorkers}, kStart, "0: one per core that this process may use.");
  keys.add("cores", cores, {0, 1023}, kStart,
           "Cores to pin them to, such as [2, 3]. Empty: the allowed ones in order.");
}

void DataplaneSection::describe(Keys& keys) {
  keys.section("dataplane", "Sized at start, never grown. Counts are per worker.");
  keys.add(
      "ports", ports, kStart,
      "How datagrams enter and leave. \"uring\" (or empty): kernel sockets, on any host. Or \"dpdk:DEVICE\", several\n"
      "if need be: a NIC by PCI address (\"dpdk:0000:01:00.0\"), or a kernel interface that stays with the kernel for\n"
      "all but our UDP ports (\"dpdk:net_af_xdp,iface=eth1\"). A device that the kernel does not see gets a tap:\n"
      "\"dpdk:0000:01:00.0;address=192.0.2.1/24;gateway=192.0.2.254\" (more keys: tap=NAME, mtu=BYTES, queues=N).");
  keys.add("memory_mb", memory_mb, {0, 1048576}, kStart, "Memory for pools and mailboxes. 0: what they need.");
  keys.add("packets", packets, {1024, 1048576}, kStart, "Packets in flight.");
  keys.add("slabs", slabs, {64, 32768}, kStart,
           "Receive buffers of 64 KB; each takes a train of packets. A power of two.");
  keys.add("receive_buffer_kb", receive_buffer_kb, {64, 1048576}, kStart,
           "Kernel receive buffer of a listening socket; needs net.core.rmem_max to allow it.");
  keys.add("allocations", allocations, {16, 4194304}, kStart, "Allocations; relayed ports are one descriptor each.");
  keys.add("permissions", permissions, {16, 16777216}, kStart, "Permissions of all allocations.");
  keys.add("channels", channels, {16, 16777216}, kStart, "Channels of all allocations.");
}

void DpdkSection::describe(Keys& keys) {
  keys.section("dpdk", "For ports that are \"dpdk:DEVICE\".");
  keys.choice("huge_pages", huge_pages, kHugePagesNames, kStart,
              "auto: when enough are reserved; NICs by PCI address refuse to start without. on, off.");
  keys.choice(
      "idle", idle, kIdleNames, kStart,
      "What a worker does when nothing arrives. adaptive: spins for a moment, then sleeps, or waits for the NIC's\n"
      "interrupt; spin: burns its core for the lowest latency.");
  keys.add("idle_sleep_us", idle_sleep_us, {10, 100000}, kStart, "adaptive: the longest sleep without interrupts.");
  keys.add("descriptors", descriptors, {64, 8192}, kStart, "Per receive and transmit queue.");
  keys.add("handoff", handoff, {64, 65536}, kStart, "Packets under way from one worker to another, at most.");
}

void MediaSection::describe(Keys& keys) {
  keys.section("media",
               "Rooms: browsers publish and play through the SFU. They are programmed over [http], and there are none "
               "unless it\n"
               "has a listener. Counts are per worker.");
  keys.add(
      "port", port, {1, 65535}, kStart,
      "UDP port of the first worker's endpoints, on every listening address; the others' are the ports behind it.\n"
      "Addresses are advertised as relay.addresses says (1:1 NAT).");
  keys.add("endpoints", endpoints, {1, 1048576}, kStart, "Participants' transports.");
  keys.add("tracks", tracks, {1, 1048576}, kStart, "Published sources, of up to four simulcast layers each.");
  keys.add("subscriptions", subscriptions, {1, 4194304}, kStart, "Tracks to endpoints.");
  keys.add("packets", packets, {1024, 4194304}, kStart, "Media kept for retransmission, of all tracks together.");
  keys.add("outgoing", outgoing, {1024, 4194304}, kStart, "Encrypted packets on their way.");
  keys.add("big_room", big_room, {0, 1048576}, kStart,
           "A room with so many endpoints on a worker takes the next ones to another that has clearly less to do (a "
           "twentieth of a\n"
           "core). 0: rooms stay on one worker, unless the API asks for others.");
  keys.choice("cipher", cipher, kCipherNames, kStart,
              "auto: ipsec-mb where the CPU has AES instructions, else libsrtp (slower by far). ipsec_mb, libsrtp.");
  keys.add("consent_s", consent_s, {5, 3600}, kStart,
           "Seconds without an authentic check or packet until an endpoint counts as disconnected (RFC 7675).");
  keys.add("lost_s", lost_s, {0, kDay}, kStart,
           "Seconds from then until it counts as failed; WHIP and WHEP sessions end with it.");
  keys.add("certificate", certificate, kStart, "DTLS certificate (PEM). Empty: a new one at each start.");
  keys.add("key", key, kStart, "Its private key (PEM).");
}

std::vector<net::Endpoint> HttpSection::endpoints() const {
  std::vector<net::Endpoint> endpoints = listen;
  if (endpoints.empty() && demo) endpoints.push_back({net::Address::v4(0x7f000001), kPort});
  for (net::Endpoint& e : endpoints) {
    if (e.port == 0) e.port = kPort;
  }
  return endpoints;
}

void HttpSection::describe(Keys& keys) {
  keys.section("http", "The control API of rooms (/v1), WHIP and WHEP. None of it unless there is a listener.");
  keys.add("listen", listen, kStart,
           "\"ADDRESS:PORT\", default port 8080. Beyond loopback it needs TLS, and tokens or client certificates.");
  keys.add("socket", socket, kStart, "Path of a Unix socket for the API, such as /run/penstock/api.sock.");
  keys.add("tls_certificate", tls_certificate, kStart,
           "PEM: the server's certificate and its chain. SIGHUP reads it anew.");
  keys.add("tls_key", tls_key, kStart, "PEM: its private key.");
  keys.add("tls_client_ca", tls_client_ca, kStart, "PEM: who signs the client certificates that may use the API.");
  keys.add("tokens", tokens, kReload, "Bearer tokens that may use the API. Given any, they are asked for everywhere.");
  keys.add("tokens_file", tokens_file, kReload, "More of them, one per line; # starts a comment.");
  keys.add(
      "whip_secrets", whip_secrets, kReload,
      "Secrets that signaling signs WHIP and WHEP tokens with (JWT, HS256; claims room, role, exp). Several can be\n"
      "live at once, so that they can be rotated.");
  keys.add("whip_secrets_file", whip_secrets_file, kReload, "More of them, one per line; # starts a comment.");
  keys.add("demo", demo, kStart,
           "Serves a page to try it with, and WHIP and WHEP without tokens. On 127.0.0.1:8080 unless listen is given.");
}

void LogSection::describe(Keys& keys) {
  keys.section("log", "To standard error, which the journal keeps.");
  keys.choice("format", format, kLogFormatNames, kStart, "text, or json (one object per line).");
  keys.choice("level", level, kLogLevelNames, kReload, "debug, info, warning or error.");
  keys.add("lines_per_minute", lines_per_minute, {1, 1000000}, kReload,
           "Of each kind of line; what is left out is counted in the next one.");
  keys.add("allocations_file", allocations_file, kStart,
           "Where a JSON line per ended allocation goes (user, addresses, traffic, duration). \"-\": the log. Empty:\n"
           "nowhere. SIGHUP opens it anew, for logrotate.");
}

void MetricsSection::describe(Keys& keys) {
  keys.section("metrics", "HTTP: /metrics for Prometheus, /healthz, /readyz, /status for penstockctl.");
  keys.add("listen", listen, kStart, "\"ADDRESS:PORT\"; \"\" for none. There is no password: keep it inside.");
}

void DrainSection::describe(Keys& keys) {
  keys.section("drain", "SIGTERM: no new allocations, and the end when the last one is gone or the deadline is.");
  keys.add("deadline_s", deadline_s, {0, kDay}, kReload, "Seconds; a second SIGTERM ends at once.");
}

Keys keys_of(Config& config) {
  Keys keys;
  config.listen.describe(keys);
  config.relay.describe(keys);
  config.auth.describe(keys);
  config.peers.describe(keys);
  config.limits.describe(keys);
  config.answers.describe(keys);
  config.workers.describe(keys);
  config.dataplane.describe(keys);
  config.dpdk.describe(keys);
  config.media.describe(keys);
  config.http.describe(keys);
  config.log.describe(keys);
  config.metrics.describe(keys);
  config.drain.describe(keys);
  return keys;
}

}  // namespace penstock::control
