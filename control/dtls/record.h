#pragma once
// DTLS records (RFC 6347 section 4.1), as far as they are readable from outside: what a datagram holds decides whether
// OpenSSL gets to see it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace penstock::control::dtls {

enum class ContentType : std::uint8_t { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };

inline constexpr std::size_t kRecordHeaderBytes = 13;

/// A view into the datagram it was taken from.
struct Record {
  ContentType type = ContentType::handshake;
  std::array<std::uint8_t, 2> version{};           ///< as it came: DTLS 1.0 in a first ClientHello, 1.2 elsewhere
  std::uint16_t epoch = 0;                         ///< 0: in the clear
  std::array<std::uint8_t, 8> epoch_and_number{};  ///< as it came
  std::span<const std::uint8_t> fragment;
};

/// Takes the first record off `rest`. Nothing when that does not begin with a whole record of DTLS 1.0 or 1.2.
std::optional<Record> take_record(std::span<const std::uint8_t>& rest);

/// What a whole datagram holds.
struct DatagramKind {
  unsigned records = 0;
  unsigned encrypted = 0;         ///< records of them that are not in the clear
  unsigned application_data = 0;  ///< records
  bool client_hello = false;      ///< it begins with a fragment of one, in the clear
};

/// Nothing when it is not a row of whole records.
std::optional<DatagramKind> inspect(std::span<const std::uint8_t> datagram);

}  // namespace penstock::control::dtls
