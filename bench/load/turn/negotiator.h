#pragma once
// Takes many clients through a list of requests each, a bounded number at a time, with retransmission.

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bench/load/turn/turn_client.h"
#include "dataplane/stun/bytes.h"

namespace penstock::load {

/// What became of the requests; durations aside, everything a server's control path did.
struct NegotiationTally {
  std::uint64_t completed = 0;  ///< clients that got through the whole program
  std::uint64_t refused = 0;    ///< clients that were refused on the way
  std::uint64_t timed_out = 0;  ///< clients whose request was never answered
  std::uint64_t requests = 0;   ///< requests sent, repeated with a nonce included, retransmissions not
  std::uint64_t retransmissions = 0;
  std::map<std::uint16_t, std::uint64_t> refusals;  ///< by error code

  bool flawless() const { return refused == 0 && timed_out == 0; }
  /// "2 refused (486), 1 without an answer", for people.
  std::string complaint() const;
};

/// Drives TurnClients. It sends by the function it is given; what arrives is handed to it by whoever reads the sockets
/// or the link, so that it can run beside a packet load. Time is monotonic, in nanoseconds.
class Negotiator {
 public:
  /// One datagram of client i to the server. What cannot leave now may get lost: it is sent again.
  using Send = std::function<void(std::uint32_t client, stun::Bytes request)>;

  /// `clients` must outlive this, and so must what `send` needs. At most `concurrency` requests are under way.
  Negotiator(std::span<TurnClient> clients, Send send, unsigned concurrency);

  /// Every client goes through `program`, once; the program before must be done(). A program that starts with
  /// `allocate` starts without a nonce, as a new client does.
  void start(std::vector<Request> program);
  /// The same over and over, until stop().
  void start_endless(std::vector<Request> program);
  /// Begins no further program; those under way are ended.
  void stop() { endless_ = false, waiting_ = 0; }

  /// A datagram that may be an answer to one of our requests; anything else is ignored. The next request of the same
  /// client leaves at once.
  void input(stun::Bytes datagram, std::uint64_t now_ns);
  /// Starts what concurrency allows and retransmits what is due. Call at least every 10 ms.
  void advance(std::uint64_t now_ns);

  bool done() const { return active_.empty() && waiting_ == 0; }
  const NegotiationTally& tally() const { return tally_; }

 private:
  /// A client's place in the program.
  struct Progress {
    std::uint32_t serial = 0;  ///< of its transaction
    std::uint32_t step = 0;
    std::uint64_t deadline_ns = 0;
    unsigned sent = 0;        ///< times this request left
    unsigned challenges = 0;  ///< answers to this request that asked for another nonce
    bool under_way = false;
  };
  enum class Ending : std::uint8_t { completed, refused, timed_out };

  void begin(std::vector<Request> program, bool endless);
  void begin_next(std::uint64_t now_ns);
  void send_new(std::uint32_t client, std::uint64_t now_ns);
  void transmit(std::uint32_t client, std::uint64_t now_ns);
  void end(std::uint32_t client, Ending ending);
  stun::TransactionId transaction_id(std::uint32_t client) const;

  std::span<TurnClient> clients_;
  Send send_;
  unsigned concurrency_;
  std::uint32_t run_;  ///< random, in every transaction id
  std::vector<Request> program_;
  bool endless_ = false;
  std::size_t waiting_ = 0;  ///< clients still to begin
  std::uint32_t next_ = 0;   ///< the first of them
  std::uint32_t serial_ = 0;
  std::vector<Progress> progress_;
  std::vector<std::uint32_t> active_;
  std::uint64_t next_scan_ns_ = 0;
  NegotiationTally tally_;
};

}  // namespace penstock::load
