#pragma once
// Makes trains of single datagrams: neighbours with one destination and one size leave as one send.

#include <sys/socket.h>

#include <array>
#include <cstdint>

namespace penstock::peers {

constexpr unsigned kBurst = 64;

/// Sends bursts of up to 64 messages. With `gather`, runs of equal neighbours become one message each: their payloads
/// by iovec, cut apart again by the kernel (UDP_SEGMENT).
class TrainGatherer {
 public:
  explicit TrainGatherer(bool gather) : gather_(gather) {}

  /// sendmmsg until all are taken; what the kernel refuses for good is dropped, as a relay must.
  void send(int fd, mmsghdr* messages, unsigned count);

 private:
  unsigned gather(const mmsghdr* messages, unsigned count);

  using Control = std::array<std::uint8_t, 64>;

  bool gather_;
  std::array<mmsghdr, kBurst> trains_{};
  std::array<iovec, kBurst> slices_{};
  alignas(8) std::array<Control, kBurst> control_{};
};

/// Writes a UDP_SEGMENT control message of `segment_bytes` into `control` and makes `header` carry it.
void set_segment(msghdr& header, void* control, std::uint16_t segment_bytes);

}  // namespace penstock::peers
