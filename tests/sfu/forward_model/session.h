#pragma once
// A publisher, a subscription and a receiver, and all that happens to them: layers, pauses, losses, other tracks.

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/sfu/forward/forwarder.h"
#include "dataplane/sfu/forward/sent_packets.h"
#include "tests/sfu/forward_model/publisher.h"
#include "tests/sfu/forward_model/receiver.h"

namespace penstock::sfu::model {

class Session {
 public:
  struct Options {
    Style style;
    bool lossless = false;  ///< packets are reordered and repeated, but none is lost
    bool reports = true;    ///< the publisher sends sender reports
  };
  static Options roll(Dice& dice);

  Session(Dice& dice, const Options& options);
  ~Session();

  /// 33 ms, and perhaps something happens.
  void tick();
  /// All is well for three seconds, after which everything has to be in order.
  void settle();

  const std::optional<std::string>& complaint() const { return receiver_.complaint(); }
  const Receiver& receiver() const { return receiver_; }
  std::uint64_t resent() const { return resent_; }
  std::uint32_t switches() const { return forwarder_.layers().switches(); }

 private:
  static constexpr std::uint64_t kSilence_ns = 700 * kMs;

  void act();
  void change_network();
  void replace_publisher();
  void calm();
  void advance();
  void arrive(const Flight& flight);
  void offer(const Flight& flight);
  void remember(const Offered& offered);
  void lose_one();
  Source source() const;
  void ask_for_key_frames();
  void complain(const std::string& what);

  Dice& dice_;
  Options options_;
  std::uint64_t now_ns_ = 10'000 * kMs;
  std::uint64_t track_ = 0;
  std::vector<std::unique_ptr<Publisher>> publishers_;  ///< the last is the present one
  std::array<std::vector<StoredPacket>, kEncodings> memory_;
  std::array<EncodingRing, kEncodings> rings_;
  std::array<std::map<std::uint64_t, Flight>, kEncodings> flights_;  ///< by source sequence
  std::array<std::uint64_t, kEncodings> last_heard_ns_{};
  SubscriptionParameters parameters_;
  Forwarder forwarder_;
  std::vector<SentRecord> records_;
  Receiver receiver_;
  std::uint64_t resent_ = 0;
};

}  // namespace penstock::sfu::model
