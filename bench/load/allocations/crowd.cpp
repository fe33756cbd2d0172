#include "bench/load/allocations/crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/long_term_key.h"
#include "turn/guard/base64.h"

namespace penstock::load {
namespace {

constexpr std::uint32_t kFirstAddress = 0x0a000000;  // 10.0.0.0
constexpr std::uint16_t kFirstPort = 40'000;
constexpr std::uint32_t kPeer = 0x08080808;
constexpr std::uint64_t kDayS = 86'400;

stun::Method method_of(Ask ask) {
  if (ask == Ask::refresh) return stun::Method::refresh;
  return ask == Ask::permit ? stun::Method::create_permission : stun::Method::allocate;
}

}  // namespace

Crowd::Crowd(std::uint32_t clients, std::uint32_t clients_per_user, std::string realm, const std::string& secret)
    : clients_per_user_(clients_per_user),
      realm_(std::move(realm)),
      secret_(stun::bytes_of(secret)),
      expires_unix_s_(static_cast<std::uint64_t>(std::time(nullptr)) + kDayS),
      nonces_(clients) {}

net::Endpoint Crowd::endpoint(std::uint32_t client) const {
  return {net::Address::v4(kFirstAddress + client / kClientsPerAddress),
          static_cast<std::uint16_t>(kFirstPort + client % kClientsPerAddress)};
}

std::uint32_t Crowd::client_at(const net::Endpoint& endpoint) const {
  return (endpoint.address.v4_host_order() - kFirstAddress) * kClientsPerAddress + endpoint.port - kFirstPort;
}

std::size_t Crowd::write(std::uint32_t client, Ask ask, std::span<std::uint8_t> out) const {
  stun::TransactionId id{};
  stun::store_be32(id.data(), client);
  id[4] = static_cast<std::uint8_t>(ask);
  stun::MessageBuilder request(out, method_of(ask), stun::Class::request, id);
  if (ask == Ask::challenge || ask == Ask::allocate) request.requested_transport(stun::kTransportUdp);
  if (ask == Ask::permit) request.xor_peer_address({net::Address::v4(kPeer), 0});
  if (ask != Ask::challenge) {
    const std::string name = fmt::format("{}:user-{}", expires_unix_s_, client / clients_per_user_);
    const auto mac = secret_.mac(stun::bytes_of(name));
    std::array<char, turn::base64_size(sizeof mac)> text;
    const auto key = stun::long_term_key(stun::PasswordAlgorithm::md5, name, realm_, turn::base64(mac, text));
    const Nonce& nonce = nonces_[client];
    request.username(name).realm(realm_).nonce({nonce.text.data(), nonce.size});
    request.message_integrity(stun::HmacSha1(key.bytes()));
  }
  return request.finish().value_or(0);
}

tl::expected<void, std::string> Crowd::read(std::uint32_t client, Ask ask, std::span<const std::uint8_t> answer) {
  const auto message = stun::MessageView::parse(answer);
  if (!message) return tl::unexpected(std::string("an answer is no STUN message"));
  if (ask != Ask::challenge) {
    if (message->message_class() == stun::Class::success) return {};
    const auto error = stun::error_code(*message);
    return tl::unexpected(fmt::format("client {} was refused with {}", client, error ? error->code : 0));
  }
  const auto text = stun::nonce(*message);
  Nonce& nonce = nonces_[client];
  if (!text || text->size() > nonce.text.size()) return tl::unexpected(std::string("a challenge has no nonce"));
  nonce.size = static_cast<std::uint8_t>(text->size());
  std::ranges::copy(*text, nonce.text.begin());
  return {};
}

}  // namespace penstock::load
