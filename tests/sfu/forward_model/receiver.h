#pragma once
// A receiver that takes nothing on trust: it sees what a subscription sends, knows what the publisher's encoder knew,
// and finds what is wrong.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dataplane/sfu/forward/outgoing.h"
#include "tests/sfu/forward_model/publisher.h"
#include "tests/sfu/forward_model/reference_finder.h"

namespace penstock::sfu::model {

/// A packet that was offered to the subscription, and what it came of.
struct Offered {
  const Frame* frame = nullptr;
  Flight flight;
  Decision decision;
  std::uint64_t track = 0;  ///< counts sources
};

class Receiver {
 public:
  struct Expectations {
    bool reports = true;   ///< encodings are aligned by sender reports
    bool lossless = true;  ///< all that is whole must be decoded
  };
  Receiver(const Style& style, Expectations expectations) : style_(style), expectations_(expectations) {}

  /// In the order of decisions, whatever the verdict.
  void on_offered(const Offered& offered);
  /// Nothing that was sent before has to be decodable with what comes later: after an outage of the model's making.
  void expect_all_decoded_from_here();
  void finish();
  void complain(const std::string& what);

  /// The first thing found wrong.
  const std::optional<std::string>& complaint() const { return complaint_; }
  std::uint64_t forwarded() const { return forwarded_; }
  std::uint64_t entered() const { return entered_; }
  std::uint64_t frames_decoded() const { return frames_decoded_; }
  const std::map<std::uint64_t, Offered>& sent() const { return sent_; }

 private:
  /// What was sent of one encoding between two switches.
  struct Tenure {
    Offered entry;
    std::int64_t picture_id = 0;                        ///< unwrapped, of the entry
    std::map<std::uint64_t, std::uint64_t> sent;        ///< source sequence -> outgoing
    std::set<std::uint64_t> came;                       ///< source sequences, whatever became of them
    std::set<std::uint64_t> refused;                    ///< of those, refused when they were newest
    std::map<std::uint32_t, std::int64_t> picture_ids;  ///< frame number -> outgoing, unwrapped
    std::set<std::uint32_t> frames_came, frames_refused, frames_dropped;
  };
  /// A frame as it was sent.
  struct Picture {
    const Frame* frame = nullptr;
    std::uint64_t tenure = 0;
    LayerInfo layer;  ///< as sent
    std::int64_t id = 0;
    bool must_decode = false;
    std::set<std::uint32_t> packets;
    bool decoded = false;
  };
  using PictureKey = std::pair<std::uint64_t, std::uint32_t>;  ///< tenure, frame number

  void check_refusal(const Offered& offered);
  void check_entry(const Offered& offered);
  void check_numbers(const Offered& offered);
  void check_picture(const Offered& offered);
  void check_time(const Offered& offered);
  void take(const Offered& offered);
  void decode(std::vector<Picture*> pending);
  bool try_to_decode(Picture& picture, const std::vector<std::int64_t>& references);
  void decode_waiting();
  bool decodable_in_truth(const Picture& picture) const;
  void complain(const std::string& what, const Offered& offered);
  void complain(const std::string& what, const Picture& picture);

  Style style_;
  Expectations expectations_;
  std::optional<std::string> complaint_;
  std::uint64_t forwarded_ = 0, entered_ = 0, frames_decoded_ = 0;
  bool must_decode_ = false;

  std::map<std::uint64_t, Offered> sent_;  ///< by outgoing number
  Tenure tenure_;
  std::uint32_t newest_timestamp_ = 0;
  std::uint64_t timeline_track_ = UINT64_MAX;
  std::uint32_t timeline_timestamp_ = 0;  ///< of the first frame of the track
  std::uint64_t timeline_capture_ns_ = 0;
  std::int64_t newest_picture_id_ = 0;
  std::uint8_t newest_tl0_ = 0;

  std::int64_t newest_decoded_ = 0;  ///< picture id
  ReferenceFinder finder_;
  std::map<PictureKey, Picture> pictures_;
  std::map<std::int64_t, PictureKey> by_id_;
  std::vector<PictureKey> stashed_;
  std::vector<std::pair<PictureKey, std::vector<std::int64_t>>> waiting_;  ///< handed off; for what they refer to
};

}  // namespace penstock::sfu::model
