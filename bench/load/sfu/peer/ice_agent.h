#pragma once
// A full ICE agent of one candidate pair (RFC 8445), without a socket or a clock: controlling, nominating with its
// first check, with consent freshness (RFC 7675). The other side is lite or full.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "dataplane/net/address.h"
#include "dataplane/stun/hash.h"
#include "dataplane/stun/message.h"

namespace penstock::load::peer {

class IceAgent {
 public:
  enum class State : std::uint8_t {
    idle,       ///< does not know the other side yet; answers its checks
    checking,   ///< no check was answered yet
    connected,  ///< the pair is nominated, and consent is fresh
    failed,     ///< nobody answered in time, or consent was lost
  };
  static constexpr std::size_t kMostMessageBytes = 256;
  using Message = std::span<std::uint8_t, kMostMessageBytes>;

  IceAgent(std::string ufrag, std::string pwd);

  const std::string& ufrag() const { return ufrag_; }
  const std::string& pwd() const { return pwd_; }
  State state() const { return state_; }

  /// Begins checks with these credentials of the other side: poll() is due at once.
  void begin(const std::string& remote_ufrag, const std::string& remote_pwd, std::uint64_t now_ns);
  /// Takes a STUN message from `from`. Bytes of `answer` to send back, 0 for none. Whatever is not authentic is
  /// ignored.
  std::size_t receive(stun::Bytes datagram, const net::Endpoint& from, std::uint64_t now_ns, Message answer);
  /// When due: bytes of `check` to send, 0 for none.
  std::size_t poll(std::uint64_t now_ns, Message check);
  /// When poll() is due next.
  std::uint64_t due_ns() const { return due_ns_; }

  /// Of the check that connected the pair: from its last transmission to the answer.
  std::uint64_t round_trip_ns() const { return round_trip_ns_; }

 private:
  std::size_t write_check(Message check, bool nominate);
  std::size_t answer_check(const stun::MessageView& request, const net::Endpoint& from, Message answer);
  void take_answer(const stun::MessageView& response, std::uint64_t now_ns);
  void schedule_consent(std::uint64_t now_ns);
  bool lost_role_conflict(const stun::MessageView& request) const;

  std::string ufrag_, pwd_;
  std::string username_;  ///< of our checks: "theirs:ours" (RFC 8445 section 7.2.2)
  stun::HmacSha1 local_key_, remote_key_;
  std::uint64_t tie_breaker_;
  bool controlling_ = true;
  State state_ = State::idle;
  stun::TransactionId transaction_{};
  std::uint64_t due_ns_ = UINT64_MAX;
  std::uint64_t interval_ns_ = 0;
  std::uint64_t sent_ns_ = 0;
  std::uint64_t give_up_ns_ = 0;
  std::uint64_t round_trip_ns_ = 0;
};

}  // namespace penstock::load::peer
