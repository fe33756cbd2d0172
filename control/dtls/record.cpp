#include "control/dtls/record.h"

#include <algorithm>

namespace penstock::control::dtls {
namespace {

constexpr std::uint8_t kClientHello = 1;
constexpr std::uint8_t kMajorVersion = 254;                         // of every DTLS: 1's complement of 1
constexpr std::array<std::uint8_t, 2> kMinorVersions = {255, 253};  // DTLS 1.0, 1.2

}  // namespace

std::optional<Record> take_record(std::span<const std::uint8_t>& rest) {
  if (rest.size() < kRecordHeaderBytes) return std::nullopt;
  const std::size_t size = static_cast<std::size_t>(rest[11]) << 8 | rest[12];
  if (rest[0] < 20 || rest[0] > 23 || rest[1] != kMajorVersion || std::ranges::count(kMinorVersions, rest[2]) == 0 ||
      rest.size() - kRecordHeaderBytes < size) {
    return std::nullopt;
  }
  Record record;
  record.type = static_cast<ContentType>(rest[0]);
  record.version = {rest[1], rest[2]};
  record.epoch = static_cast<std::uint16_t>(rest[3] << 8 | rest[4]);
  std::copy_n(rest.begin() + 3, record.epoch_and_number.size(), record.epoch_and_number.begin());
  record.fragment = rest.subspan(kRecordHeaderBytes, size);
  rest = rest.subspan(kRecordHeaderBytes + size);
  return record;
}

std::optional<DatagramKind> inspect(std::span<const std::uint8_t> datagram) {
  DatagramKind kind;
  while (!datagram.empty()) {
    const auto record = take_record(datagram);
    if (!record) return std::nullopt;
    if (kind.records == 0) {
      kind.client_hello = record->type == ContentType::handshake && record->epoch == 0 && !record->fragment.empty() &&
                          record->fragment[0] == kClientHello;
    }
    ++kind.records;
    if (record->epoch != 0) ++kind.encrypted;
    if (record->type == ContentType::application_data) ++kind.application_data;
  }
  if (kind.records == 0) return std::nullopt;
  return kind;
}

}  // namespace penstock::control::dtls
