#pragma once
// Answers to requests: built on the stack, signed as the request was, sent to where it came from.

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/stun/builder.h"
#include "turn/guard/authenticator.h"
#include "turn/host.h"
#include "turn/stats.h"

namespace penstock::turn {

struct Core;

/// All that an answer needs of its request, so that it can be given after the request is gone.
struct AnswerTo {
  FiveTuple client;
  net::PathId path = net::kNoPath;
  stun::Method method{};
  stun::TransactionId transaction_id{};
  bool fingerprint = false;  ///< the request had one: so has the answer
};

class Answer {
 public:
  /// No answer of ours is longer: signed with both integrities, an Allocate success stays below 400 bytes, with
  /// SOFTWARE of the longest kind below 1,100.
  static constexpr std::size_t kLongest = 1200;

  /// `authentication` may be nullptr: then the answer is not signed.
  Answer(Core& core, const AnswerTo& to, const Authentication* authentication, stun::Class message_class);

  stun::MessageBuilder& message() { return builder_; }
  /// Signs, sends and counts. False when there was no packet for it.
  bool send();

 private:
  Core& core_;
  const AnswerTo& to_;
  const Authentication* authentication_;
  bool success_;
  std::array<std::uint8_t, kLongest> bytes_;
  stun::MessageBuilder builder_;
};

/// A success answer with nothing to add.
bool answer_success(Core& core, const AnswerTo& to, const Authentication* authentication);
bool answer_error(Core& core, const AnswerTo& to, const Authentication* authentication, stun::Error error);
void count_error(Stats& stats, stun::Error error);

}  // namespace penstock::turn
