#pragma once
// One datagram in pieces: what of it has come, and where the rest goes.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/net/frame.h"

namespace penstock::port {

/// The largest IP payload (UDP header and all) that is put together.
inline constexpr std::size_t kMaxReassembled = 16384;
/// More pieces than this are not taken for one datagram: an honest sender's are as large as its link allows.
inline constexpr std::size_t kMaxPieces = 64;

/// What a fragment says about itself.
struct Piece {
  std::uint32_t id;    ///< IPv4 identification or IPv6's 32-bit one
  std::size_t offset;  ///< of its data in the IP payload, a multiple of 8
  bool more;           ///< not the last
  std::span<const std::uint8_t> data;
};

/// `f` is what parse_frame made of `frame`, a fragment.
Piece read_piece(std::span<const std::uint8_t> frame, const net::Frame& f);

/// Which 8-byte blocks of a datagram have come.
class BlockMap {
 public:
  /// How many of the blocks [first, last) are set.
  std::size_t count(std::size_t first, std::size_t last) const;
  void set(std::size_t first, std::size_t last);
  void clear() { words_ = {}; }

 private:
  static constexpr std::size_t kWords = kMaxReassembled / 8 / 64;
  std::array<std::uint64_t, kWords> words_{};
};

/// The pieces of one datagram. The bytes themselves lie in a buffer of kMaxReassembled bytes that the caller keeps.
class DatagramPieces {
 public:
  enum class Put : std::uint8_t {
    more,       ///< taken; others are missing
    whole,      ///< taken; now all is there
    duplicate,  ///< the same bytes as before
    malformed,  ///< contradicts what came before, or itself: RFC 5722 wants the whole datagram dropped
    too_large,  ///< more bytes or pieces than are put together
  };
  Put put(const Piece& piece, std::span<std::uint8_t, kMaxReassembled> buffer);

  /// Bytes of the whole; 0 until the last piece has come.
  std::size_t total() const { return total_; }
  void clear() { *this = {}; }

 private:
  bool contradicts(const Piece& piece) const;

  std::size_t total_ = 0;
  std::size_t received_ = 0;
  std::size_t reach_ = 0;  // end of the furthest piece
  std::size_t pieces_ = 0;
  BlockMap blocks_;
};

}  // namespace penstock::port
