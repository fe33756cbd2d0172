#pragma once
// The thread that thousands of endpoints live on: epoll, one socket each, batches in and out.
//
//   auto loop = Loop::create({.most_endpoints = 100});
//   auto endpoint = (*loop)->open({net::Address::v4(0x7f000001), 0});
//   (*endpoint)->listen(&listener);
//   signal((*endpoint)->local());            // ortc.h: JSON of /v1; sdp.h: offers and answers
//   (*endpoint)->connect(remote);
//   while (...) (*loop)->turn(deadline_ns);

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/sfu/peer/endpoint.h"
#include "bench/load/sfu/peer/identity.h"
#include "bench/load/sfu/peer/inbox.h"
#include "bench/load/sfu/peer/outbox.h"
#include "bench/load/sfu/peer/schedule.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::load::peer {

struct LoopOptions {
  std::uint32_t most_endpoints = 1000;
  /// To offer in DTLS-SRTP, by OpenSSL's names. Empty: GCM-128 first, then GCM-256, then CM_SHA1_80. The DTLS server
  /// chooses.
  std::string srtp_profiles = {};
  int socket_buffer_bytes = 2 << 20;
};

class Loop {
 public:
  /// The error says what the machine lacks.
  static tl::expected<std::unique_ptr<Loop>, std::string> create(const LoopOptions& options);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// A new endpoint on a socket bound to `local`; port 0 lets the kernel choose. Valid until close().
  tl::expected<Endpoint*, std::string> open(const net::Endpoint& local);
  /// Says nothing to the other side. Not from within a callback.
  void close(Endpoint* endpoint);
  std::size_t endpoints() const { return endpoints_.size() - free_.size(); }

  /// For sources and scenarios: called between receiving and sending.
  Schedule& schedule() { return schedule_; }
  Outbox& outbox() { return outbox_; }
  const InboxTally& received() const { return inbox_.tally(); }
  const Identity& identity() const { return identity_; }

  /// Receives, runs what is due, sends; sleeps if there is nothing to do, until `deadline_ns` at the latest.
  void turn(std::uint64_t deadline_ns);
  /// turn() until then.
  void run_until(std::uint64_t end_ns);

 private:
  friend class Endpoint;
  Loop(const LoopOptions& options, Identity identity, std::unique_ptr<srtp::Cipher> cipher, int epoll);
  void stop_reading(Endpoint& endpoint);

  LoopOptions options_;
  Identity identity_;
  std::unique_ptr<srtp::Cipher> cipher_;
  Schedule schedule_;
  Outbox outbox_;
  Inbox inbox_;
  int epoll_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;  ///< by number; null: free
  std::vector<std::uint32_t> free_;
};

}  // namespace penstock::load::peer
