#pragma once
// The wire: one DPDK device with a receive and a transmit queue, polled by one thread.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/net/frame_headers.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/port/dpdk/device.h"

namespace penstock::frames {

/// Every byte of an outgoing packet that nobody wrote.
inline constexpr std::uint8_t kFiller = 0xa5;

struct LinkOptions {
  std::string device;  ///< as port::parse_device_spec takes it
  bool huge_pages = false;
  unsigned memory_mb = 256;
  unsigned packets = 16384;  ///< of the pool for receiving; half as many to send
  std::uint16_t descriptors = 1024;
};

class Link {
 public:
  /// Starts DPDK's environment and the device. The error says what to do.
  static tl::expected<std::unique_ptr<Link>, std::string> open(const LinkOptions& options);

  /// False when nobody is at the other end within `patience_s`.
  bool wait_until_up(double patience_s);
  const net::MacAddress& mac() const { return device_->mac(); }

  /// Frames that arrived; the caller frees them.
  std::uint16_t receive(std::span<net::Packet*> out);
  /// Packets to be written and sent; behind what the caller writes they are full of kFiller. All or none.
  bool allocate(std::span<net::Packet*> out);
  /// Takes the packets; those that the device has no room for are freed. Returns how many were taken.
  std::uint16_t send(std::span<net::Packet*> packets);
  /// One frame of `bytes`, copied. Slow: for what is not load. False when there was no room.
  bool send_copy(std::span<const std::uint8_t> bytes);

 private:
  Link(std::unique_ptr<port::Device> device, net::PacketPool receive, net::PacketPool send)
      : receive_pool_(std::move(receive)), send_pool_(std::move(send)), device_(std::move(device)) {}

  net::PacketPool receive_pool_;
  net::PacketPool send_pool_;
  std::unique_ptr<port::Device> device_;
};

}  // namespace penstock::frames
