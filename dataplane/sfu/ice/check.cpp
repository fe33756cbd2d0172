#include "dataplane/sfu/ice/check.h"

#include <algorithm>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/integrity.h"

namespace penstock::sfu {

tl::expected<Check, CheckError> read_check(std::span<const std::uint8_t> datagram) {
  const auto message = stun::MessageView::parse(datagram);
  if (!message) return tl::unexpected(CheckError::malformed);
  if (!message->is(stun::Method::binding, stun::Class::request)) return tl::unexpected(CheckError::not_a_check);
  const stun::Verdict fingerprint = stun::verify_fingerprint(*message);
  if (fingerprint != stun::Verdict::valid && fingerprint != stun::Verdict::absent) {
    return tl::unexpected(CheckError::malformed);
  }
  const auto username = stun::username(*message);
  constexpr std::size_t kSize = IceCredentials::kFragmentSize;
  // "LOCAL:REMOTE" (RFC 8445 section 7.2.2). The second half is the client's own and proves nothing.
  if (!username || username->size() <= kSize || (*username)[kSize] != ':') {
    return tl::unexpected(CheckError::foreign_fragment);
  }
  Check check{*message,
              {},
              stun::priority(*message).value_or(0),
              stun::use_candidate(*message).value_or(false),
              message->has(stun::AttributeType::ice_controlled)};
  std::copy_n(username->begin(), kSize, check.fragment.begin());
  return check;
}

bool authentic(const Check& check, const stun::HmacSha1& password) {
  return stun::verify_integrity(check.message, password) == stun::Verdict::valid;
}

std::size_t answer_check(const Check& check, const net::Endpoint& remote, const stun::HmacSha1& password,
                         std::span<std::uint8_t> out) {
  using stun::MessageBuilder;
  if (const auto unknown = check.message.unknown_required(); !unknown.empty()) {
    auto refusal = MessageBuilder::error(out, check.message, stun::Error::unknown_attribute);
    return refusal.unknown_attributes(unknown).message_integrity(password).fingerprint().finish().value_or(0);
  }
  if (check.controlled) {
    auto conflict = MessageBuilder::error(out, check.message, stun::Error::role_conflict);
    return conflict.message_integrity(password).fingerprint().finish().value_or(0);
  }
  auto success = MessageBuilder::success(out, check.message);
  return success.xor_mapped_address(remote).message_integrity(password).fingerprint().finish().value_or(0);
}

}  // namespace penstock::sfu
