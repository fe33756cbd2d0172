#include "bench/load/sfu/peer/ice_agent.h"

#include <algorithm>
#include <cstring>

#include "bench/load/sfu/peer/identity.h"
#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/integrity.h"

namespace penstock::load::peer {
namespace {

constexpr std::uint64_t kMillisecond_ns = 1'000'000;
constexpr std::uint64_t kFirstInterval_ns = 250 * kMillisecond_ns;
constexpr std::uint64_t kLongestInterval_ns = 2'000 * kMillisecond_ns;
constexpr std::uint64_t kPatience_ns = 15'000 * kMillisecond_ns;
constexpr std::uint64_t kConsentInterval_ns = 5'000 * kMillisecond_ns;  // RFC 7675 section 5.1
constexpr std::uint64_t kConsentLifetime_ns = 30'000 * kMillisecond_ns;
/// Host candidate, component 1 (RFC 8445 section 5.1.2), as a peer-reflexive one would be announced.
constexpr std::uint32_t kPriority = (110u << 24) | (65'535u << 8) | 255u;

stun::TransactionId random_transaction() {
  stun::TransactionId id;
  const std::uint64_t first = random_number();
  const std::uint64_t second = random_number();
  std::memcpy(id.data(), &first, 8);
  std::memcpy(id.data() + 8, &second, 4);
  return id;
}

}  // namespace

IceAgent::IceAgent(std::string ufrag, std::string pwd)
    : ufrag_(std::move(ufrag)), pwd_(std::move(pwd)), local_key_(stun::bytes_of(pwd_)), tie_breaker_(random_number()) {}

void IceAgent::begin(const std::string& remote_ufrag, const std::string& remote_pwd, std::uint64_t now_ns) {
  username_ = remote_ufrag + ":" + ufrag_;
  remote_key_ = stun::HmacSha1(stun::bytes_of(remote_pwd));
  state_ = State::checking;
  transaction_ = random_transaction();
  interval_ns_ = kFirstInterval_ns;
  give_up_ns_ = now_ns + kPatience_ns;
  due_ns_ = now_ns;
}

std::size_t IceAgent::receive(stun::Bytes datagram, const net::Endpoint& from, std::uint64_t now_ns, Message answer) {
  const auto message = stun::MessageView::parse(datagram);
  if (!message || message->method() != stun::Method::binding) return 0;
  if (message->message_class() == stun::Class::request) return answer_check(*message, from, answer);
  const bool ours = std::equal(transaction_.begin(), transaction_.end(), message->transaction_id().begin());
  if (ours && stun::verify_integrity(*message, remote_key_) == stun::Verdict::valid) take_answer(*message, now_ns);
  return 0;
}

std::size_t IceAgent::answer_check(const stun::MessageView& request, const net::Endpoint& from, Message answer) {
  const auto username = stun::username(request);
  if (!username || !username->starts_with(ufrag_ + ":")) return 0;
  if (stun::verify_integrity(request, local_key_) != stun::Verdict::valid) return 0;
  if (lost_role_conflict(request)) {
    controlling_ = !controlling_;
  } else if (controlling_ ? stun::ice_controlling(request).has_value() : stun::ice_controlled(request).has_value()) {
    return stun::MessageBuilder::error(answer, request, stun::Error::role_conflict)
        .message_integrity(local_key_)
        .fingerprint()
        .finish()
        .value_or(0);
  }
  return stun::MessageBuilder::success(answer, request)
      .xor_mapped_address(from)
      .message_integrity(local_key_)
      .fingerprint()
      .finish()
      .value_or(0);
}

/// RFC 8445 section 7.3.1.1: the side with the larger tie-breaker is the controlling one.
bool IceAgent::lost_role_conflict(const stun::MessageView& request) const {
  if (controlling_) {
    const auto theirs = stun::ice_controlling(request);
    return theirs && *theirs > tie_breaker_;
  }
  const auto theirs = stun::ice_controlled(request);
  return theirs && *theirs <= tie_breaker_;
}

void IceAgent::take_answer(const stun::MessageView& response, std::uint64_t now_ns) {
  if (response.message_class() == stun::Class::error) {
    const auto error = stun::error_code(response);
    if (!error || error->code != static_cast<std::uint16_t>(stun::Error::role_conflict)) return;
    controlling_ = !controlling_;  // RFC 8445 section 7.2.5.1
    transaction_ = random_transaction();
    due_ns_ = now_ns;
    return;
  }
  if (state_ == State::checking) round_trip_ns_ = now_ns - sent_ns_;
  if (state_ != State::checking && state_ != State::connected) return;
  state_ = State::connected;
  give_up_ns_ = now_ns + kConsentLifetime_ns;
  schedule_consent(now_ns);
}

/// 0.8 to 1.2 of the interval, so that thousands do not ask at once (RFC 7675 section 5.1).
void IceAgent::schedule_consent(std::uint64_t now_ns) {
  const std::uint64_t spread = kConsentInterval_ns * 4 / 10;
  due_ns_ = now_ns + kConsentInterval_ns - spread / 2 + random_number() % spread;
}

std::size_t IceAgent::poll(std::uint64_t now_ns, Message check) {
  if (now_ns < due_ns_ || state_ == State::idle || state_ == State::failed) return 0;
  if (now_ns >= give_up_ns_) {
    state_ = State::failed;
    due_ns_ = UINT64_MAX;
    return 0;
  }
  sent_ns_ = now_ns;
  if (state_ == State::connected) {
    transaction_ = random_transaction();
    schedule_consent(now_ns);
    return write_check(check, false);
  }
  due_ns_ = now_ns + interval_ns_;
  interval_ns_ = std::min(2 * interval_ns_, kLongestInterval_ns);
  return write_check(check, controlling_);
}

std::size_t IceAgent::write_check(Message check, bool nominate) {
  stun::MessageBuilder builder(check, stun::Method::binding, stun::Class::request, transaction_);
  builder.username(username_).priority(kPriority);
  if (controlling_) {
    builder.ice_controlling(tie_breaker_);
  } else {
    builder.ice_controlled(tie_breaker_);
  }
  if (nominate) builder.use_candidate();
  return builder.message_integrity(remote_key_).fingerprint().finish().value_or(0);
}

}  // namespace penstock::load::peer
