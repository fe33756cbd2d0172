#include "control/startup/port_range_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>

namespace penstock::control {
namespace {

constexpr std::size_t kNamed = 3;

template <class T>
bool parse_hex(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return error == std::errc() && end == text.data() + text.size();
}

// Eight hexadecimal digits for every 32 bits as they lie in memory, a colon, the port: "0100007F:0D96".
std::optional<net::Endpoint> parse_socket(std::string_view text, bool v6) {
  const std::size_t digits = v6 ? 32 : 8;
  if (text.size() != digits + 5 || text[digits] != ':') return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t word = 0; word < digits / 8; ++word) {
    std::uint32_t value = 0;
    if (!parse_hex(text.substr(8 * word, 8), value)) return std::nullopt;
    const auto raw = std::bit_cast<std::array<std::uint8_t, 4>>(value);
    std::ranges::copy(raw, bytes.begin() + static_cast<std::ptrdiff_t>(4 * word));
  }
  net::Endpoint endpoint;
  if (!parse_hex(text.substr(digits + 1), endpoint.port)) return std::nullopt;
  endpoint.address.bytes = bytes;
  if (!v6) {
    endpoint.address =
        net::Address::v4(static_cast<std::uint32_t>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]);
  }
  return endpoint;
}

void add_sockets(const std::filesystem::path& file, bool v6, std::vector<net::Endpoint>& sockets) {
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);  // the heading
  while (std::getline(lines, line)) {
    const std::size_t colon = line.find(": ");  // "  12: 0100007F:0D96 ..."
    if (colon == std::string::npos) continue;
    const std::string_view rest = std::string_view(line).substr(colon + 2);
    if (const auto socket = parse_socket(rest.substr(0, rest.find(' ')), v6)) sockets.push_back(*socket);
  }
}

}  // namespace

std::vector<net::Endpoint> udp_sockets(const HostRoots& roots) {
  std::vector<net::Endpoint> sockets;
  add_sockets(roots.proc / "net/udp", false, sockets);
  add_sockets(roots.proc / "net/udp6", true, sockets);
  return sockets;
}

void check_ephemeral_ports(const RelaySection& relay, const HostFacts& facts, bool taken, Findings& findings) {
  const std::uint32_t first = std::max(relay.port_min, facts.ephemeral_min);
  const std::uint32_t last = std::min(relay.port_max, facts.ephemeral_max);
  bool open = false;
  for (std::uint32_t port = first; port <= last && facts.ephemeral_min != 0 && !open; ++port) {
    open = !holds(facts.reserved_ports, port);
  }
  if (!open) return;
  findings.warn(
      fmt::format("relayed ports {}-{} are also handed to other programs (net.ipv4.ip_local_port_range {}-{}){}",
                  relay.port_min, relay.port_max, facts.ephemeral_min, facts.ephemeral_max,
                  taken ? ", whose sockets would lose their packets to the relay" : ""),
      fmt::format("sysctl -w net.ipv4.ip_local_reserved_ports={}-{}, or relay.port_max = {}", first, last,
                  facts.ephemeral_min - 1));
}

std::vector<Finding> check_foreign_sockets(const RelaySection& relay, const Plan& plan,
                                           const std::vector<net::Endpoint>& sockets) {
  const std::vector<net::Address> addresses = bound_addresses(plan);
  const auto is_ours = [&](const net::Address& a) {
    return a.is_unspecified() || std::ranges::find(addresses, a) != addresses.end();
  };
  std::vector<std::string> found;
  for (const net::Endpoint& s : sockets) {
    const bool relayed = s.port >= relay.port_min && s.port <= relay.port_max && is_ours(s.address);
    const bool listening = std::ranges::find(plan.listen, s) != plan.listen.end();
    if (relayed && !listening) found.push_back(net::to_string(s));
  }
  if (found.empty()) return {};
  const std::size_t more = found.size() - std::min(found.size(), kNamed);
  if (more > 0) found.resize(kNamed);
  Findings findings;
  findings.warn(fmt::format("other programs receive on relayed ports: {}{}; they lose packets whenever such a port is "
                            "allocated",
                            fmt::join(found, ", "), more > 0 ? fmt::format(" and {} more", more) : ""),
                "'ss -ulnp' tells which programs; move them, or choose relay.port_min and relay.port_max around them");
  return findings.take();
}

}  // namespace penstock::control
