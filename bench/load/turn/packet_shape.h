#pragma once
// Sizes every part of the generator agrees on, and the stamp each payload starts with.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace penstock::load {

/// Tells who sent a payload, which one it is, and when. Both ends are this process, so host byte order will do.
struct Stamp {
  std::uint32_t run = 0;       ///< random per process: nothing of an earlier run is counted
  std::uint32_t stream = 0;    ///< index into the run's streams
  std::uint64_t sequence = 0;  ///< per stream, from 0
  std::uint64_t sent_ns = 0;   ///< CLOCK_MONOTONIC
};
constexpr std::size_t kStampBytes = sizeof(Stamp);
static_assert(kStampBytes == 24 && std::is_trivially_copyable_v<Stamp>);

/// What fits an Ethernet frame with IPv6, UDP and the head of a Send indication.
constexpr std::size_t kLargestPayload = 1400;
/// The head of a Send indication: STUN header, XOR-PEER-ADDRESS (IPv6), DATA's own header.
constexpr std::size_t kLongestPrefix = 48;
constexpr std::size_t kLargestDatagram = 65'507;
/// UDP_MAX_SEGMENTS of older kernels.
constexpr unsigned kMostSegments = 64;
/// Datagrams per system call.
constexpr unsigned kBurst = 64;
/// Above this, clients share sockets unless told otherwise.
constexpr unsigned kMostSocketsByDefault = 1000;

}  // namespace penstock::load
