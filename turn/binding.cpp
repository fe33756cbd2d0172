// Binding (RFC 8489 section 3): tells clients the address they are seen at. Nobody needs credentials for it, so it is
// limited per source.

#include "turn/requests.h"

namespace penstock::turn {
namespace {

// What a success answer takes at most, for the limiter to weigh.
constexpr std::size_t kSuccessBytes = 44;

}  // namespace

Handled binding(Core& core, const Request& request) {
  const AnswerTo& to = request.answer_to;
  const AnswerClass kind = request.allocation != kNone ? AnswerClass::renewal : AnswerClass::binding;
  if (core.answer_limiter.admit(kind, to.client.remote.address, request.message.bytes().size(), kSuccessBytes,
                                core.now_ns) != AnswerVerdict::send) {
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
