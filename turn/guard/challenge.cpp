#include "turn/guard/challenge.h"

#include <array>

#include "dataplane/stun/builder.h"

namespace penstock::turn {
namespace {

using stun::PasswordAlgorithm;

constexpr std::array kOffered{PasswordAlgorithm::sha256, PasswordAlgorithm::md5};
/// Two bytes of algorithm, two of the length of its parameters, of which neither has any.
constexpr std::array<std::uint8_t, 8> kOfferedValue{0, 2, 0, 0, 0, 1, 0, 0};

constexpr std::size_t kErrorCodeBytes = 8;  // without reason phrase
constexpr std::size_t kIpv4UdpHeaderBytes = 28;

constexpr std::size_t attribute_bytes(std::size_t value_bytes) {
  return stun::kAttributeHeaderBytes + stun::padded(value_bytes);
}

constexpr std::size_t most_answer_bytes(std::size_t request_bytes) {
  return request_bytes * 5 / 2;
}

struct Rung {
  bool reason;
  NonceSource::Form form;
};

constexpr std::size_t size_bytes(const Rung& rung, std::string_view reason, std::string_view realm) {
  const bool announcing = rung.form == NonceSource::Form::announcing;
  return stun::kHeaderBytes + kErrorCodeBytes + (rung.reason ? stun::padded(reason.size()) : 0) +
         attribute_bytes(realm.size()) +
         attribute_bytes(announcing ? NonceSource::kAnnouncingBytes : NonceSource::kBareBytes) +
         (announcing ? attribute_bytes(kOfferedValue.size()) : 0);
}

/// The richest form that is small enough.
const Rung* choose(std::size_t request_bytes, std::string_view reason, std::string_view realm) {
  static constexpr std::array<Rung, 3> kLadder{{{true, NonceSource::Form::announcing},
                                                {false, NonceSource::Form::announcing},
                                                {false, NonceSource::Form::bare}}};
  const std::size_t most = most_answer_bytes(request_bytes);
  for (const Rung& rung : kLadder) {
    if (size_bytes(rung, reason, realm) <= most) return &rung;
  }
  const Rung& bare = kLadder.back();
  const bool small_on_the_wire =
      kIpv4UdpHeaderBytes + size_bytes(bare, reason, realm) <= most_answer_bytes(kIpv4UdpHeaderBytes + request_bytes);
  return realm.size() > kLongestFrugalRealm && small_on_the_wire ? &bare : nullptr;
}

}  // namespace

std::span<const PasswordAlgorithm> offered_algorithms() {
  return kOffered;
}

stun::Bytes offered_algorithms_value() {
  return kOfferedValue;
}

std::size_t write_challenge(std::span<std::uint8_t> out, const stun::MessageView& request, stun::Error code,
                            std::string_view realm, NonceSource& nonces, const net::Endpoint& client,
                            std::uint64_t now_ns) {
  const std::string_view reason = stun::reason_phrase(code);
  const Rung* rung = choose(request.bytes().size(), reason, realm);
  if (rung == nullptr) return 0;
  stun::MessageBuilder answer(out, request.method(), stun::Class::error, request.transaction_id());
  answer.error_code(static_cast<std::uint16_t>(code), rung->reason ? reason : "")
      .realm(realm)
      .nonce(nonces.issue(client, now_ns, rung->form).view());
  if (rung->form == NonceSource::Form::announcing) answer.password_algorithms(kOffered);
  return answer.finish().value_or(0);
}

std::size_t write_bad_request(std::span<std::uint8_t> out, const stun::MessageView& request) {
  // 40 bytes with "Bad Request", so always within 2.5 times a STUN header.
  return stun::MessageBuilder::error(out, request, stun::Error::bad_request).finish().value_or(0);
}

}  // namespace penstock::turn
