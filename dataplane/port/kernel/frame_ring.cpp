#include "dataplane/port/kernel/frame_ring.h"

#include <bit>

namespace penstock::port {

FrameRing::FrameRing(std::size_t frames, std::size_t longest_frame)
    : longest_(longest_frame),
      mask_(static_cast<std::uint32_t>(std::bit_ceil(frames)) - 1),
      slots_(std::make_unique_for_overwrite<std::uint8_t[]>((mask_ + std::size_t{1}) * longest_)),
      sizes_(mask_ + std::size_t{1}) {}

std::span<std::uint8_t> FrameRing::claim() {
  const std::uint32_t position = pushed_.load(std::memory_order_relaxed);
  if (position - popped_.load(std::memory_order_acquire) > mask_) return {};
  return {slot(position), longest_};
}

void FrameRing::commit(std::size_t size) {
  const std::uint32_t position = pushed_.load(std::memory_order_relaxed);
  sizes_[position & mask_] = static_cast<std::uint32_t>(size);
  pushed_.store(position + 1, std::memory_order_release);
}

bool FrameRing::push(std::span<const std::uint8_t> frame) {
  const std::span<std::uint8_t> room = claim();
  if (frame.empty() || frame.size() > room.size()) return false;
  std::memcpy(room.data(), frame.data(), frame.size());
  commit(frame.size());
  return true;
}

std::span<const std::uint8_t> FrameRing::front() const {
  const std::uint32_t position = popped_.load(std::memory_order_relaxed);
  if (position == pushed_.load(std::memory_order_acquire)) return {};
  return {slot(position), sizes_[position & mask_]};
}

void FrameRing::pop() {
  popped_.store(popped_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

}  // namespace penstock::port
