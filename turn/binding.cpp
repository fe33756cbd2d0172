// Binding (RFC 8489 section 3): tells clients the address they are seen at. Nobody needs credentials for it, so it is
// limited per source.

#include <string>

#include "dataplane/stun/bytes.h"
#include "turn/requests.h"

namespace penstock::turn {
namespace {

constexpr std::size_t attribute_bytes(std::size_t value_bytes) {
  return stun::kAttributeHeaderBytes + stun::padded(value_bytes);
}

// What the answer takes, for the limiter to weigh.
std::size_t answer_bytes(const Core& core, const Request& request) {
  const std::size_t always = stun::kHeaderBytes + (request.answer_to.fingerprint ? attribute_bytes(4) : 0);
  if (const auto unknown = request.message.unknown_required(); !unknown.empty()) {
    return always + attribute_bytes(4 + stun::reason_phrase(stun::Error::unknown_attribute).size()) +
           attribute_bytes(2 * unknown.size());
  }
  const std::string& software = core.settings->settings.software;
  return always + attribute_bytes(request.answer_to.client.remote.address.is_v4() ? 8 : 20) +
         (software.empty() ? 0 : attribute_bytes(software.size()));
}

}  // namespace

Handled binding(Core& core, const Request& request) {
  const AnswerTo& to = request.answer_to;
  const AnswerClass kind = request.allocation != kNone ? AnswerClass::renewal : AnswerClass::binding;
  if (core.answer_limiter.admit(kind, to.client.remote.address, request.message.bytes().size(),
                                answer_bytes(core, request), core.now_ns) != AnswerVerdict::send) {
    core.stats.answers_rate_limited.add();
    return net::Drop::answer_rate_limited;
  }
  if (const auto unknown = request.message.unknown_required(); !unknown.empty()) {
    count_error(core.stats, stun::Error::unknown_attribute);
    Answer answer(core, to, nullptr, stun::Class::error);
    answer.message().error_code(stun::Error::unknown_attribute).unknown_attributes(unknown);
    return answered(answer.send());
  }
  Answer answer(core, to, nullptr, stun::Class::success);
  answer.message().xor_mapped_address(to.client.remote);
  return answered(answer.send());
}

}  // namespace penstock::turn
