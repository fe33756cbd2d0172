#pragma once
// From packets to the pieces of memory that are sent.

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/net/packet.h"

namespace penstock::port {

/// The most pieces one packet has: lead, payload, tail.
inline constexpr std::size_t kPiecesPerPacket = 3;

/// Appends pieces to an array of iovecs, joining those that touch: the datagrams of an untouched train are one piece.
class Gather {
 public:
  /// `out` has room for kPiecesPerPacket per packet.
  explicit Gather(iovec* out) : begin_(out), end_(out) {}

  void add(const net::Packet* p) {
    static constexpr std::array<std::uint8_t, 4> kZeros{};
    const net::PacketInfo& info = net::info(p);
    if (info.lead_size != 0) add(info.lead.data(), info.lead_size);
    const auto payload = net::payload(p);
    if (!payload.empty()) add(payload.data(), payload.size());
    if (info.tail_size != 0) add(kZeros.data(), info.tail_size);
  }

  iovec* begin() const { return begin_; }
  iovec* end() const { return end_; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

 private:
  void add(const std::uint8_t* data, std::size_t size) {
    if (end_ != begin_) {
      iovec& last = end_[-1];
      if (static_cast<const std::uint8_t*>(last.iov_base) + last.iov_len == data) {
        last.iov_len += size;
        return;
      }
    }
    *end_++ = {const_cast<std::uint8_t*>(data), size};
  }

  iovec* begin_;
  iovec* end_;
};

}  // namespace penstock::port
