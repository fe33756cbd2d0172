#include "dataplane/stun/crc32.h"

#include <array>
#include <cstddef>

namespace penstock::stun {
namespace {

constexpr std::uint32_t kReflectedPolynomial = 0xedb88320;
constexpr std::size_t kSlices = 8;

using Tables = std::array<std::array<std::uint32_t, 256>, kSlices>;

/// tables[k][b] is the CRC of byte b followed by k zero bytes, so eight bytes are folded by eight independent loads.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kReflectedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < kSlices; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = crc >> 8 ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32(Bytes bytes) {
  std::uint32_t crc = 0xffffffff;
  for (; bytes.size() >= kSlices; bytes = bytes.subspan(kSlices)) {
    const std::uint8_t* p = bytes.data();
    crc = kTables[7][(crc ^ p[0]) & 0xff] ^ kTables[6][(crc >> 8 ^ p[1]) & 0xff] ^
          kTables[5][(crc >> 16 ^ p[2]) & 0xff] ^ kTables[4][crc >> 24 ^ p[3]] ^ kTables[3][p[4]] ^ kTables[2][p[5]] ^
          kTables[1][p[6]] ^ kTables[0][p[7]];
  }
  for (std::uint8_t byte : bytes) crc = crc >> 8 ^ kTables[0][(crc ^ byte) & 0xff];
  return ~crc;
}

}  // namespace penstock::stun
