#include "turn/answer.h"

#include <algorithm>

#include "turn/core.h"

namespace penstock::turn {
namespace {

std::optional<std::size_t> method_index(stun::Method method) {
  switch (method) {
    case stun::Method::binding:
      return static_cast<std::size_t>(Method::binding);
    case stun::Method::allocate:
      return static_cast<std::size_t>(Method::allocate);
    case stun::Method::refresh:
      return static_cast<std::size_t>(Method::refresh);
    case stun::Method::create_permission:
      return static_cast<std::size_t>(Method::create_permission);
    case stun::Method::channel_bind:
      return static_cast<std::size_t>(Method::channel_bind);
    default:
      return std::nullopt;
  }
}

}  // namespace

Answer::Answer(Core& core, const AnswerTo& to, const Authentication* authentication, stun::Class message_class)
    : core_(core),
      to_(to),
      authentication_(authentication),
      success_(message_class == stun::Class::success),
      builder_(bytes_, to.method, message_class, to.transaction_id) {}

bool Answer::send() {
  if (success_ && !core_.settings->settings.software.empty()) builder_.software(core_.settings->settings.software);
  if (authentication_ != nullptr) sign(builder_, *authentication_);
  if (to_.fingerprint) builder_.fingerprint();
  const auto size = builder_.finish();
  if (!size) return false;
  if (success_) {
    if (const auto index = method_index(to_.method)) core_.stats.successes[*index].add();
  }
  return core_.host.answer(to_.client, to_.path, {bytes_.data(), *size});
}

bool answer_success(Core& core, const AnswerTo& to, const Authentication* authentication) {
  return Answer(core, to, authentication, stun::Class::success).send();
}

bool answer_error(Core& core, const AnswerTo& to, const Authentication* authentication, stun::Error error) {
  count_error(core.stats, error);
  Answer answer(core, to, authentication, stun::Class::error);
  answer.message().error_code(error);
  return answer.send();
}

void count_error(Stats& stats, stun::Error error) {
  const auto at = std::find(kErrorCodes.begin(), kErrorCodes.end(), static_cast<std::uint16_t>(error));
  if (at != kErrorCodes.end()) stats.errors[static_cast<std::size_t>(at - kErrorCodes.begin())].add();
}

}  // namespace penstock::turn
