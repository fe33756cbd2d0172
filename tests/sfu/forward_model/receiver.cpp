#include "tests/sfu/forward_model/receiver.h"

#include <algorithm>
#include <cmath>

#include "dataplane/sfu/forward/sequence_map.h"

namespace penstock::sfu::model {
namespace {

// Late frames of an encoding that is entered push its time line by at most their lateness.
constexpr double kMostSkew_s = 0.4;
// A second, about.
constexpr std::int64_t kOldFrames = 30;

bool ahead(std::uint32_t timestamp, std::uint32_t of) {
  return static_cast<std::int32_t>(timestamp - of) > 0;
}

}  // namespace

void Receiver::complain(const std::string& what) {
  if (!complaint_) complaint_ = what;
}

void Receiver::complain(const std::string& what, const Offered& o) {
  const auto text = [](std::uint64_t n) { return std::to_string(n); };
  complain(what + ": encoding " + text(o.flight.encoding) + " frame " + text(o.flight.frame) + " packet " +
           text(o.flight.index) + " of " + text(o.frame->packets) + ", layer " + text(o.frame->layer) + ", source " +
           text(o.flight.packet.sequence) + ", sent " + text(o.decision.outgoing.sequence) + ", picture id " +
           text(o.decision.outgoing.picture_id) + ", verdict " +
           std::string(kVerdictNames[static_cast<std::size_t>(o.decision.verdict)]));
}

void Receiver::complain(const std::string& what, const Picture& picture) {
  std::string text = what + ": encoding " + std::to_string(picture.frame->encoding) + " frame " +
                     std::to_string(picture.frame->number) + " layer " + std::to_string(picture.frame->layer) +
                     (picture.frame->sync ? " sync" : "") + " picture id " + std::to_string(picture.id) +
                     " TL0PICIDX " + std::to_string(picture.layer.tl0_index) + ", refers to";
  for (const std::uint32_t number : picture.frame->references) {
    const auto known = pictures_.find({picture.tenure, number});
    text += " " + std::to_string(number) +
            (known == pictures_.end() ? " (not sent)"
             : known->second.decoded  ? " (decoded)"
                                      : " (not decoded)");
  }
  complain(text);
}

void Receiver::on_offered(const Offered& offered) {
  const bool current =
      entered_ != 0 && offered.track == tenure_.entry.track && offered.flight.encoding == tenure_.entry.flight.encoding;
  if (!offered.decision) {
    if (current) check_refusal(offered);
    return;
  }
  ++forwarded_;
  if (sent_.contains(offered.decision.outgoing.sequence)) complain("one number, two packets", offered);
  if (offered.decision.outgoing.marker != (offered.flight.index + 1 == offered.frame->packets)) {
    complain("marker", offered);
  }
  if (offered.decision.switched) {
    check_entry(offered);
  } else {
    if (!current) return complain("another encoding without a switch", offered);
    check_numbers(offered);
  }
  check_picture(offered);
  check_time(offered);
  take(offered);
}

// Dropped for its layer; or late; never part of a picture that is being sent.
void Receiver::check_refusal(const Offered& offered) {
  const std::uint64_t sequence = offered.flight.packet.sequence;
  const Verdict verdict = offered.decision.verdict;
  const bool again = tenure_.came.contains(sequence);
  if (verdict == Verdict::duplicate && !tenure_.sent.contains(sequence)) complain("duplicate of nothing", offered);
  if (verdict != Verdict::temporal_layer && verdict != Verdict::late) return;
  if (sequence < tenure_.entry.flight.packet.sequence) return;
  const bool newest = sequence > *tenure_.came.rbegin();
  tenure_.came.insert(sequence);
  if (again) return;
  // What was refused late has its place by then, which stays a gap.
  const bool first_of_frame = tenure_.frames_came.insert(offered.flight.frame).second;
  if (newest) tenure_.refused.insert(sequence);
  if (newest && first_of_frame) tenure_.frames_refused.insert(offered.flight.frame);
  if (offered.frame->layer == 0 && verdict == Verdict::temporal_layer) complain("base layer dropped", offered);
  const bool in_window = *tenure_.came.rbegin() < sequence + SequenceMap::kWindow;
  // Without picture ids nothing tells to which picture a late packet belongs.
  const bool being_sent = style_.picture_id && tenure_.picture_ids.contains(offered.flight.frame);
  if (being_sent && in_window) complain("part of a picture that is being sent", offered);
  tenure_.frames_dropped.insert(offered.flight.frame);
}

void Receiver::check_entry(const Offered& offered) {
  const StoredPacket& packet = offered.flight.packet;
  const Outgoing& out = offered.decision.outgoing;
  if (!packet.key_frame) complain("entered without a key frame", offered);
  if (entered_ != 0) {
    if (out.sequence != sent_.rbegin()->first + 1) complain("sequence number of an entry", offered);
    if (!ahead(out.timestamp, newest_timestamp_)) complain("time does not go on at an entry", offered);
    // Frames that were lost last have ids, too.
    const auto id_step = (out.picture_id - newest_picture_id_) & 0x7fff;
    if (style_.picture_id && (id_step == 0 || id_step > 64)) complain("picture id of an entry", offered);
    const auto next_tl0 = static_cast<std::uint8_t>(newest_tl0_ + 1);
    if (style_.tl0_index && out.tl0_index != next_tl0) complain("TL0PICIDX of an entry", offered);
  }
  ++entered_;
  tenure_ = Tenure{};
  tenure_.entry = offered;
  tenure_.picture_id =
      entered_ == 1 ? out.picture_id : newest_picture_id_ + ((out.picture_id - newest_picture_id_) & 0x7fff);
  newest_picture_id_ = tenure_.picture_id;
  newest_tl0_ = out.tl0_index;
}

// Numbers keep the source's order, and no gap is wider than what is missing of the source.
void Receiver::check_numbers(const Offered& offered) {
  const std::uint64_t sequence = offered.flight.packet.sequence;
  const std::uint64_t number = offered.decision.outgoing.sequence;
  if (sequence <= tenure_.entry.flight.packet.sequence) complain("from before the entry", offered);
  const auto behind = tenure_.sent.lower_bound(sequence);
  if (behind != tenure_.sent.end() && behind->second <= number) complain("order of numbers", offered);
  if (behind == tenure_.sent.begin()) return complain("before the entry", offered);
  const auto before = std::prev(behind);
  if (before->second >= number) return complain("order of numbers", offered);
  std::uint64_t missing = sequence - before->first - 1;
  missing -= static_cast<std::uint64_t>(
      std::distance(tenure_.refused.upper_bound(before->first), tenure_.refused.lower_bound(sequence)));
  if (number - before->second - 1 > missing) complain("a gap where nothing is missing", offered);
}

void Receiver::check_picture(const Offered& offered) {
  const Flight& flight = offered.flight;
  const Outgoing& out = offered.decision.outgoing;
  if (tenure_.frames_dropped.contains(flight.frame)) complain("part of a picture that is dropped", offered);
  const StoredPacket& entry = tenure_.entry.flight.packet;
  if (style_.tl0_index) {
    const auto steps = static_cast<std::uint8_t>(flight.packet.layer.tl0_index - entry.layer.tl0_index);
    const auto expected = static_cast<std::uint8_t>(tenure_.entry.decision.outgoing.tl0_index + steps);
    if (out.tl0_index != expected) complain("TL0PICIDX", offered);
    if (static_cast<std::int8_t>(static_cast<std::uint8_t>(out.tl0_index - newest_tl0_)) > 0)
      newest_tl0_ = out.tl0_index;
  }
  if (!style_.picture_id) {
    tenure_.picture_ids[flight.frame] = 0;
    return;
  }
  // Unwrapped by where it has to be: from the entry on, no further than frames of the source went.
  const std::int64_t id =
      tenure_.picture_id +
      static_cast<std::int64_t>((out.picture_id - static_cast<std::uint16_t>(tenure_.picture_id)) & 0x7fff);
  const auto known = tenure_.picture_ids.find(flight.frame);
  if (known != tenure_.picture_ids.end()) {
    if (known->second != id) complain("two picture ids of one frame", offered);
    return;
  }
  const auto behind = tenure_.picture_ids.lower_bound(flight.frame);
  if (behind != tenure_.picture_ids.end() && behind->second <= id) complain("order of picture ids", offered);
  if (behind != tenure_.picture_ids.begin()) {
    const auto before = std::prev(behind);
    std::int64_t missing = std::int64_t{flight.frame} - before->first - 1;
    missing -= std::distance(tenure_.frames_refused.upper_bound(before->first),
                             tenure_.frames_refused.lower_bound(flight.frame));
    if (id <= before->second) complain("order of picture ids", offered);
    if (id - before->second - 1 > missing) complain("a gap in picture ids where nothing is missing", offered);
  }
  tenure_.picture_ids[flight.frame] = id;
  newest_picture_id_ = std::max(newest_picture_id_, id);
}

void Receiver::check_time(const Offered& offered) {
  const StoredPacket& packet = offered.flight.packet;
  const Outgoing& out = offered.decision.outgoing;
  const Offered& entry = tenure_.entry;
  if (out.timestamp - entry.decision.outgoing.timestamp != packet.timestamp - entry.flight.packet.timestamp) {
    complain("timestamp within an encoding", offered);
  }
  if (ahead(out.timestamp, newest_timestamp_) || forwarded_ == 1) newest_timestamp_ = out.timestamp;
  if (timeline_track_ != offered.track) {
    timeline_track_ = offered.track;
    timeline_timestamp_ = out.timestamp;
    timeline_capture_ns_ = offered.frame->capture_ns;
  }
  if (!expectations_.reports) return;
  const double sent_s = static_cast<std::int32_t>(out.timestamp - timeline_timestamp_) / static_cast<double>(kRate);
  const auto captured_ns = static_cast<std::int64_t>(offered.frame->capture_ns - timeline_capture_ns_);
  if (std::abs(sent_s - static_cast<double>(captured_ns) / 1e9) > kMostSkew_s) complain("time line", offered);
}

void Receiver::take(const Offered& offered) {
  const Flight& flight = offered.flight;
  const Outgoing& out = offered.decision.outgoing;
  sent_[out.sequence] = offered;
  tenure_.sent[flight.packet.sequence] = out.sequence;
  tenure_.came.insert(flight.packet.sequence);
  tenure_.frames_came.insert(flight.frame);
  const PictureKey key{entered_, flight.frame};
  Picture& picture = pictures_[key];
  picture.frame = offered.frame;
  picture.tenure = entered_;
  picture.layer = flight.packet.layer;
  picture.layer.tl0_index = out.tl0_index;
  picture.id = style_.picture_id ? tenure_.picture_ids[flight.frame] : 0;
  picture.must_decode = picture.must_decode || must_decode_;
  picture.packets.insert(flight.index);
  if (!style_.picture_id) return;  // libwebrtc then goes by sequence numbers, which were checked
  by_id_[picture.id] = key;
  if (picture.packets.size() == picture.frame->packets) decode({&picture});
}

// As libwebrtc does it: what is stashed is tried again whenever another frame could be handed off.
void Receiver::decode(std::vector<Picture*> pending) {
  for (bool progress = true; progress;) {
    progress = false;
    std::vector<PictureKey> still;
    for (const PictureKey& key : stashed_) pending.push_back(&pictures_[key]);
    stashed_.clear();
    for (Picture* picture : pending) {
      // A frame buffer has no use for what is older than what it shows, and a receiver that stands for seconds has
      // asked for a key frame.
      if (picture->id <= newest_decoded_ - kOldFrames || picture->id <= newest_picture_id_ - 2 * kOldFrames) continue;
      std::vector<std::int64_t> references;
      switch (finder_.on_frame(picture->layer, picture->frame->key, picture->id, references)) {
        case ReferenceFinder::Result::hand_off:
          waiting_.emplace_back(PictureKey{picture->tenure, picture->frame->number}, references);
          decode_waiting();
          progress = true;
          break;
        case ReferenceFinder::Result::stash:
          if (still.size() < 100) still.emplace_back(picture->tenure, picture->frame->number);
          break;
        case ReferenceFinder::Result::drop:
          break;
      }
    }
    pending.clear();
    stashed_ = still;
    if (stashed_.empty()) break;
  }
}

// Its frame buffer: a frame is decoded once all that it refers to was.
void Receiver::decode_waiting() {
  for (bool progress = true; progress;) {
    progress = false;
    std::erase_if(waiting_, [&](const auto& waiting) {
      const bool decoded = try_to_decode(pictures_[waiting.first], waiting.second);
      progress = progress || decoded;
      return decoded;
    });
  }
  if (waiting_.size() > 200) waiting_.erase(waiting_.begin(), waiting_.begin() + 100);
}

bool Receiver::try_to_decode(Picture& picture, const std::vector<std::int64_t>& references) {
  for (const std::int64_t id : references) {
    const auto known = by_id_.find(id);
    if (known == by_id_.end() || !pictures_[known->second].decoded) return false;
  }
  if (!decodable_in_truth(picture)) {
    complain("decoded without what it refers to", picture);
  }
  picture.decoded = true;
  newest_decoded_ = std::max(newest_decoded_, picture.id);
  ++frames_decoded_;
  return true;
}

bool Receiver::decodable_in_truth(const Picture& picture) const {
  for (const std::uint32_t number : picture.frame->references) {
    const auto known = pictures_.find({picture.tenure, number});
    if (known == pictures_.end() || !known->second.decoded) return false;
  }
  return true;
}

void Receiver::expect_all_decoded_from_here() {
  must_decode_ = true;
}

void Receiver::finish() {
  if (!style_.picture_id) return;
  for (const auto& [key, picture] : pictures_) {
    const bool expected = expectations_.lossless || picture.must_decode;
    const bool whole = picture.packets.size() == picture.frame->packets;
    if (!expected || !whole || picture.decoded) continue;
    if (decodable_in_truth(picture)) {
      complain("never decoded", picture);
    }
  }
}

}  // namespace penstock::sfu::model
