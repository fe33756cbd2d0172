#include "bench/load/sfu/peer/outbox.h"

#include <algorithm>
#include <cerrno>

#include "bench/load/sfu/peer/endpoint.h"
#include "bench/load/sfu/peer/train.h"

namespace penstock::load::peer {
namespace {

constexpr std::size_t kMostTrainBytes = 65'000;

/// Room that HeaderTemplate::write may clobber lies within every slot.
std::span<std::uint8_t, rtp::HeaderTemplate::kMostBytes> head_room(std::uint8_t* slot) {
  return std::span<std::uint8_t, rtp::HeaderTemplate::kMostBytes>(slot, rtp::HeaderTemplate::kMostBytes);
}

}  // namespace

Outbox::Outbox(srtp::Cipher& cipher)
    : cipher_(cipher),
      slots_(std::make_unique<std::uint8_t[]>(kPackets * kSlotBytes)),
      payloads_(std::make_unique<std::uint8_t[]>(kPackets * kSlotBytes)) {
  entries_.reserve(kPackets);
  jobs_.reserve(kPackets);
  job_entry_.reserve(kPackets);
}

std::span<std::uint8_t, Outbox::kMostPayload> Outbox::payload() {
  if (entries_.size() == kPackets) flush();
  return std::span<std::uint8_t, kMostPayload>(payloads_.get() + entries_.size() * kSlotBytes, kMostPayload);
}

void Outbox::add(Endpoint& from, const RtpHead& head, std::size_t payload_bytes) {
  if (!from.profile() || from.silent()) return;
  const std::size_t entry = entries_.size();
  const std::size_t header_bytes = head.form.size();
  head.form.write(head_room(slot(entry)), head.fixed, head.values);
  srtp::ProtectJob job;
  job.context = from.send_context();
  job.header_size = static_cast<std::uint16_t>(header_bytes);
  job.packet_index = head.packet_index;
  job.out = {slot(entry), kSlotBytes};
  job.payload = {payloads_.get() + entry * kSlotBytes, payload_bytes};
  jobs_.push_back(job);
  job_entry_.push_back(entry);
  entries_.push_back({&from, 0});
}

void Outbox::add_rtcp(Endpoint& from, std::span<const std::uint8_t> compound) {
  if (!from.profile() || from.silent() || compound.size() > kMostRtcp) return;
  if (entries_.size() == kPackets) flush();
  std::uint8_t* const at = slot(entries_.size());
  std::copy(compound.begin(), compound.end(), at);
  const auto secured = cipher_.protect_rtcp(from.send_context(), {at, kSlotBytes}, compound.size());
  if (secured.result == srtp::Result::ok) entries_.push_back({&from, secured.size});
}

void Outbox::flush() {
  encrypt();
  for (std::size_t first = 0; first < entries_.size();) {
    const std::size_t end = train_from(first);
    send(first, end);
    first = end;
  }
  entries_.clear();
}

void Outbox::encrypt() {
  cipher_.protect(jobs_);
  for (std::size_t i = 0; i < jobs_.size(); ++i) entries_[job_entry_[i]].size = jobs_[i].size;
  jobs_.clear();
  job_entry_.clear();
}

/// The end of the longest train that begins there: equal sizes, of which only the last may be smaller.
std::size_t Outbox::train_from(std::size_t first) const {
  const std::size_t size = entries_[first].size;
  std::size_t end = first + 1;
  if (!trains_) return end;
  for (std::size_t bytes = size; end < entries_.size() && end - first < kMostSegments; ++end) {
    const Entry& next = entries_[end];
    bytes += next.size;
    if (next.from != entries_[first].from || next.size > size || next.size == 0 || bytes > kMostTrainBytes) break;
    if (next.size < size) return end + 1;
  }
  return end;
}

void Outbox::send(std::size_t first, std::size_t end) {
  if (entries_[first].size == 0) return;  // not encrypted: keys were exhausted or removed
  bool taken = write(first, end);
  if (!taken && errno == ECONNREFUSED) taken = write(first, end);  // an ICMP error, told once
  if (!taken && end - first > 1 && (errno == EIO || errno == EINVAL || errno == EOPNOTSUPP)) {
    trains_ = false;
    for (std::size_t i = first; i < end; ++i) send(i, i + 1);
    return;
  }
  (taken ? sent_ : refused_) += end - first;
}

bool Outbox::write(std::size_t first, std::size_t end) {
  std::array<iovec, kMostSegments> slices;
  for (std::size_t i = first; i < end; ++i) slices[i - first] = {slot(i), entries_[i].size};
  return send_train(entries_[first].from->socket().fd(), std::span(slices).first(end - first), entries_[first].size);
}

}  // namespace penstock::load::peer
