// Datagrams of any kind, in any order, to an endpoint in either role: nothing breaks, each one is counted once, and no
// session is left behind. Input: role, then datagrams with two bytes of length before each.

#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "control/dtls/associations.h"
#include "control/dtls/record.h"

namespace penstock::control::dtls {
namespace {

constexpr EndpointRef kEndpoint{.worker = 0, .slot = 1, .generation = 1};

void require(bool held) {
  if (!held) std::abort();
}

const Context& context() {
  static const Certificate certificate = Certificate::generate().value();
  static const Context made = Context::create(certificate, Session::judge).value();
  return made;
}

void run(Role role, std::span<const std::uint8_t> input) {
  Counters counters;
  unsigned reports = 0;
  Associations associations(
      Options{}, context(), counters, [](const EndpointRef&, std::span<const std::uint8_t>) {},
      [&](Report&& report) {
        require(report.result != Result::secured);  // nobody's certificate is allowed
        ++reports;
      });
  Time now{};
  associations.add({kEndpoint, role, {}}, now);
  std::uint64_t delivered = 0;
  while (input.size() > 2) {
    sfu::HandshakeDatagram datagram;
    datagram.endpoint = kEndpoint.slot;
    datagram.generation = kEndpoint.generation;
    const std::size_t wanted = static_cast<std::size_t>(input[0] << 8 | input[1]) % (datagram.bytes.size() + 1);
    const auto bytes = input.subspan(2, std::min(wanted, input.size() - 2));
    input = input.subspan(2 + bytes.size());
    datagram.size = static_cast<std::uint32_t>(bytes.size());
    std::ranges::copy(bytes, datagram.bytes.begin());
    associations.receive(kEndpoint.worker, datagram, now);
    ++delivered;
    now += std::chrono::milliseconds(1);
  }
  std::uint64_t counted = 0;
  for (const net::Counter& fate : counters.datagrams) counted += fate.get();
  require(counted == delivered && reports <= 1);
  associations.advance(now + std::chrono::hours(1));
  require(counters.sessions.get() == 0);
}

}  // namespace
}  // namespace penstock::control::dtls

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::control::dtls;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parsed = parse_fingerprint(text.substr(0, 7), text.substr(std::min<std::size_t>(7, size)))) {
    require(parse_fingerprint(parsed->hash_name(), parsed->hex()) == *parsed);
  }
  run(data[0] % 2 == 0 ? Role::passive : Role::active, {data + 1, size - 1});
  return 0;
}
