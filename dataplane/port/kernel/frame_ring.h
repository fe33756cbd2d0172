#pragma once
// Ethernet frames from one thread to one other, by copy, so that no packet of a worker's pool ever waits for a tap.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace penstock::port {

/// A bounded lock-free ring; one thread pushes, one takes. Exception traffic is little and small, so a copy costs less
/// than packets of a worker's pool freed by a foreign thread would.
class FrameRing {
 public:
  /// `frames` is rounded up to a power of two.
  FrameRing(std::size_t frames, std::size_t longest_frame);

  /// Copies a frame in; false when there is no room or the frame is too long.
  bool push(std::span<const std::uint8_t> frame);
  /// As push, for who can only say afterwards how long it is: room for the longest frame (empty when there is none), to
  /// be filled and then committed with its size.
  std::span<std::uint8_t> claim();
  void commit(std::size_t size);

  /// The oldest frame, valid until pop(); empty when there is none.
  std::span<const std::uint8_t> front() const;
  void pop();

 private:
  std::uint8_t* slot(std::uint32_t position) const { return slots_.get() + (position & mask_) * longest_; }

  std::size_t longest_;
  std::uint32_t mask_;
  std::unique_ptr<std::uint8_t[]> slots_;
  std::vector<std::uint32_t> sizes_;
  alignas(64) std::atomic<std::uint32_t> pushed_{0};
  alignas(64) std::atomic<std::uint32_t> popped_{0};
};

}  // namespace penstock::port
