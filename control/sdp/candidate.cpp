#include "control/sdp/candidate.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

// RFC 8445 section 5.1.2.1: (2^24) * type preference + (2^8) * local preference + 256 - component.
constexpr std::uint32_t kHostTypePreference = 126;
constexpr std::uint32_t kMostLocalPreference = 65535;

std::uint32_t host_priority(std::size_t index) {
  const auto down = static_cast<std::uint32_t>(std::min<std::size_t>(index, kMostLocalPreference));
  return kHostTypePreference << 24 | (kMostLocalPreference - down) << 8 | 255;
}

}  // namespace

std::optional<Candidate> read_candidate(std::string_view value) {
  const auto fields = words(value);
  if (fields.size() < 8 || fields[6] != "typ") return {};
  const auto component = number<std::uint16_t>(fields[1]);
  const auto priority = number<std::uint32_t>(fields[3]);
  const auto port = number<std::uint16_t>(fields[5]);
  if (!component || *component == 0 || *component > 256 || !priority || !port) return {};
  Candidate candidate{std::string(fields[0]), *component, std::string(fields[2]), *priority,
                      std::string(fields[4]), *port,      std::string(fields[7])};
  std::ranges::transform(candidate.transport, candidate.transport.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return candidate;
}

std::string host_candidate(const net::Endpoint& endpoint, std::size_t index) {
  return fmt::format("{} 1 udp {} {} {} typ host", index + 1, host_priority(index), net::to_string(endpoint.address),
                     endpoint.port);
}

}  // namespace penstock::control::sdp
