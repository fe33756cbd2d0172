#pragma once
// One publisher's video track and many subscribers to it on one worker, as control would have set it up: every endpoint
// with a checked pair and keys of its own, every subscription with all that a browser negotiates.

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/micro/feed_port.h"
#include "dataplane/engine/worker.h"
#include "dataplane/sfu/neighbours.h"
#include "dataplane/sfu/service.h"
#include "dataplane/sfu/update.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::bench {

/// Several workers of one room, the first of which has the publisher.
struct Joint {
  explicit Joint(std::uint16_t workers);
  std::unique_ptr<engine::PostOffice> office;
  std::unique_ptr<sfu::Neighbours> neighbours;
};

struct BroadcastOptions {
  std::uint32_t subscribers = 1;
  std::size_t payload_bytes = 1200;  ///< of RTP, VP8 descriptor included
  std::size_t burst = 1;             ///< packets that arrive at once
  srtp::Profile profile = srtp::Profile::aead_aes_128_gcm;
  bool empty = false;                       ///< no endpoints as yet: for add_subscribers() and subscribe()
  std::uint32_t subscriptions_of_each = 1;  ///< at most
  Joint* joint = nullptr;                   ///< nullptr: the only worker. Outlives the room
  std::uint16_t worker = 0;                 ///< others than the first have a mirror of the track
};

class BroadcastRoom {
 public:
  static constexpr std::size_t kFrame = 8;  ///< packets of one video frame

  /// Throws std::runtime_error with what is wrong. Endpoint 0 publishes.
  explicit BroadcastRoom(const BroadcastOptions& options);
  ~BroadcastRoom();

  /// Forwards until every ring, history and record has been used.
  void warm_up();
  /// Encrypts the publisher's next packets, whole frames, and lets them wait at the port.
  void publish(std::size_t packets);
  /// Passes until all of them have been forwarded, one burst after the other.
  void forward() { forward(options_.burst); }
  /// One pass, with nothing new.
  void pass();

  /// For a room that was made empty: all endpoints, with pairs and keys, but no subscriptions.
  void add_subscribers();
  /// Everybody's next subscription.
  void subscribe(bool paused = false);
  /// Of the first worker: `worker` gets the track's packets, too.
  void add_mirror(std::uint16_t worker);
  /// Everybody's first subscription gets packets.
  void play();

  const sfu::Stats& stats() const { return service_->stats(); }
  const engine::WorkerCounters& counters() { return worker_->shard().counters(); }
  std::uint64_t sent() const { return port_->counters().sent_packets.get(); }

 private:
  void update(std::vector<sfu::Operation> operations);
  void add_endpoint(sfu::EndpointSlot slot);
  void check(sfu::EndpointSlot slot);
  void set_subscriptions(std::uint32_t nth, bool paused);
  void forward(std::size_t burst);
  std::size_t write_packet(std::span<std::uint8_t> payload, bool first) const;

  BroadcastOptions options_;
  std::unique_ptr<Joint> own_;
  engine::PostOffice* office_ = nullptr;
  std::unique_ptr<sfu::Board> board_;
  std::unique_ptr<sfu::HandshakeLanes> lanes_;
  std::unique_ptr<engine::Worker> worker_;
  sfu::SfuService* service_ = nullptr;
  FeedPort* port_ = nullptr;
  net::LocalId local_ = net::kNoLocal;
  std::unique_ptr<srtp::Cipher> publisher_;
  std::uint64_t updates_ = 0;
  std::uint32_t subscriptions_ = 0;  ///< of each
  std::uint32_t playing_ = 0;        ///< subscriptions that packets go to
  std::uint64_t now_ns_ = 1'000'000'000'000;
  std::uint64_t published_ = 0;
  std::uint64_t key_frame_ = 0;  ///< the last one's number
};

}  // namespace penstock::bench
