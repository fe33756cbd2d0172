#include "dataplane/port/dpdk/datagram_pieces.h"

#include <algorithm>
#include <cstring>

#include "dataplane/net/bytes.h"

namespace penstock::port {
namespace {

constexpr std::size_t kBlockBytes = 8;

// Calls `with(word, mask)` for the words that the blocks [first, last) lie in.
template <class With>
void each_word(std::size_t first, std::size_t last, With&& with) {
  while (first < last) {
    const std::size_t bit = first % 64;
    const std::size_t bits = std::min<std::size_t>(64 - bit, last - first);
    const std::uint64_t mask = (bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1) << bit;
    with(first / 64, mask);
    first += bits;
  }
}

}  // namespace

Piece read_piece(std::span<const std::uint8_t> frame, const net::Frame& f) {
  const auto data = frame.subspan(f.payload, f.payload_size);
  if (f.v6) {  // RFC 8200 section 4.5
    const std::uint8_t* header = frame.data() + f.l4;
    const std::uint16_t place = net::load_be16(header + 2);
    return {net::load_be32(header + 4), std::size_t{place} & 0xfff8, (place & 1) != 0, data};
  }
  const std::uint8_t* ip = frame.data() + f.l3;
  const std::uint16_t place = net::load_be16(ip + 6);
  return {net::load_be16(ip + 4), std::size_t{place} % 0x2000 * kBlockBytes, (place & 0x2000) != 0, data};
}

std::size_t BlockMap::count(std::size_t first, std::size_t last) const {
  std::size_t n = 0;
  each_word(first, last, [&](std::size_t word, std::uint64_t mask) {
    n += static_cast<std::size_t>(std::popcount(words_[word] & mask));
  });
  return n;
}

void BlockMap::set(std::size_t first, std::size_t last) {
  each_word(first, last, [&](std::size_t word, std::uint64_t mask) { words_[word] |= mask; });
}

bool DatagramPieces::contradicts(const Piece& piece) const {
  const std::size_t end = piece.offset + piece.data.size();
  if (piece.data.empty()) return true;
  if (piece.more) return piece.data.size() % kBlockBytes != 0 || (total_ != 0 && end >= total_);
  return total_ != 0 ? end != total_ : reach_ > end;
}

DatagramPieces::Put DatagramPieces::put(const Piece& piece, std::span<std::uint8_t, kMaxReassembled> buffer) {
  const std::size_t end = piece.offset + piece.data.size();
  if (contradicts(piece)) return Put::malformed;
  if (end > kMaxReassembled || pieces_ == kMaxPieces) return Put::too_large;

  const std::size_t first = piece.offset / kBlockBytes;
  const std::size_t last = (end + kBlockBytes - 1) / kBlockBytes;
  const std::size_t known = blocks_.count(first, last);
  std::uint8_t* place = buffer.data() + piece.offset;
  if (known == last - first) {
    // RFC 8200 section 4.5 lets exact duplicates pass; the network makes them.
    const bool same = std::memcmp(place, piece.data.data(), piece.data.size()) == 0;
    return same && (piece.more || total_ != 0) ? Put::duplicate : Put::malformed;
  }
  if (known != 0) return Put::malformed;

  std::memcpy(place, piece.data.data(), piece.data.size());
  blocks_.set(first, last);
  ++pieces_;
  received_ += piece.data.size();
  reach_ = std::max(reach_, end);
  if (!piece.more) total_ = end;
  return received_ == total_ ? Put::whole : Put::more;
}

}  // namespace penstock::port
