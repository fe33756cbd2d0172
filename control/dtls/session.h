#pragma once
// One DTLS association (RFC 6347) driven by OpenSSL: datagrams and expired timers in, datagrams and keys out. It knows
// no thread, socket or clock but the one that OpenSSL looks at for retransmissions.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "control/dtls/context.h"
#include "control/dtls/datagram_bio.h"
#include "control/dtls/farewell.h"
#include "control/dtls/peer.h"

namespace penstock::control::dtls {

/// What we protect with, and what the peer does.
struct SrtpKeys {
  srtp::MasterKey receive, send;
};

struct SessionOptions {
  Role role = Role::passive;
  std::size_t mtu = 1200;
  std::chrono::milliseconds first_retransmission{200};
  std::chrono::milliseconds last_retransmission{6400};
};

class Session final : private DatagramEnds {
 public:
  enum class State : std::uint8_t {
    handshaking,
    secured,  ///< keys are there; kept for the peer's sake, which may ask for our last flight again
    spent,    ///< secured, but of no more use to the peer
    closed,   ///< secured, and ended by an alert of the peer
    failed
  };
  using Send = std::function<void(std::span<const std::uint8_t>)>;

  /// `allowed` outlives the session. nullptr when memory is short. Datagrams leave by `send` while one of the functions
  /// below runs.
  static std::unique_ptr<Session> open(const Context& context, const SessionOptions& options,
                                       std::span<const Fingerprint> allowed, Send send);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// As client: sends the ClientHello. As server: nothing.
  void begin() { drive(); }
  void receive(std::span<const std::uint8_t> datagram);
  /// Sends the last flight again when it is time to; true if it did.
  bool retransmit();
  /// Until retransmit() is due; nothing: there is no flight that waits for an answer.
  std::optional<std::chrono::microseconds> until_retransmission() const;

  State state() const { return state_; }
  /// Of an association that failed or was closed.
  Result result() const { return result_; }
  const std::string& detail() const { return detail_; }
  /// Once secured; nothing when OpenSSL cannot export them.
  std::optional<SrtpKeys> keys() const;
  /// Once secured.
  Farewell farewell() const { return Farewell(ssl_.get(), options_.role); }

  /// For Context::create: matches the peer's certificate against the session's fingerprints.
  static int judge(X509_STORE_CTX* store, void*);

 private:
  struct Free {
    void operator()(SSL* ssl) const;
  };
  Session(const SessionOptions& options, std::span<const Fingerprint> allowed, Send send);
  void send(std::span<const std::uint8_t> datagram) override { send_(datagram); }
  static unsigned next_interval(SSL* ssl, unsigned last_us);

  void drive();
  void shake_hands();
  void read_after_handshake();
  void fail(int returned);
  int refuse(X509_STORE_CTX* store, int error, Result result, std::string detail);

  SessionOptions options_;
  std::span<const Fingerprint> allowed_;
  Send send_;
  std::unique_ptr<SSL, Free> ssl_;
  State state_ = State::handshaking;
  Result result_ = Result::secured;
  std::string detail_;
};

}  // namespace penstock::control::dtls
