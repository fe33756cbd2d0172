#pragma once
// RTCP compound packets (RFC 3550 section 6.1, RFC 5506): walking one, packet by packet.

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <tl/expected.hpp>

#include "dataplane/rtp/bytes.h"
#include "dataplane/rtp/ssrc.h"

namespace penstock::rtp {

inline constexpr std::size_t kRtcpHeaderBytes = 4;

/// RFC 3550 section 12.1, RFC 4585 section 6.1.
enum class RtcpType : std::uint8_t {
  sender_report = 200,
  receiver_report = 201,
  source_description = 202,
  bye = 203,
  transport_layer_feedback = 205,
  payload_specific_feedback = 206,
};

/// Feedback message types: the count field of types 205 and 206.
inline constexpr std::uint8_t kFormatNack = 1;  ///< 205, RFC 4585 section 6.2.1
inline constexpr std::uint8_t kFormatTransportFeedback =
    15;                                                     ///< 205, draft-holmer-rmcat-transport-wide-cc-extensions-01
inline constexpr std::uint8_t kFormatPictureLoss = 1;       ///< 206, RFC 4585 section 6.3.1
inline constexpr std::uint8_t kFormatFullIntraRequest = 4;  ///< 206, RFC 5104 section 4.3.1
inline constexpr std::uint8_t kFormatApplication = 15;      ///< 206, RFC 4585 section 6.4: REMB

enum class RtcpError : std::uint8_t {
  truncated,      ///< less than a header where a packet should start
  wrong_version,  ///< of any of the packets
  overrun,        ///< a length field reaches past the end
  bad_padding,    ///< a padding count of 0 or more than there is
};
/// snake_case, for counters and tests.
std::string_view to_string(RtcpError error);

/// One packet of a compound. `body` is what follows the first four bytes, padding taken off; it points into the
/// datagram.
struct RtcpPacket {
  std::uint8_t type = 0;    ///< compare with `is`
  std::uint8_t format = 0;  ///< the 5-bit field: a count, or a feedback message type
  Bytes body;

  bool is(RtcpType t) const { return type == static_cast<std::uint8_t>(t); }
  bool is(RtcpType t, std::uint8_t f) const { return is(t) && format == f; }
};

/// A whole, well-formed compound, decrypted: every length was checked, so walking it needs no checks. Points into the
/// datagram. Types we do not know are walked like the others; readers (rtcp_reports.h, rtcp_feedback.h,
/// rtcp_transport_feedback.h) tell them apart.
class RtcpCompound {
 public:
  /// The datagram is packets from its first byte to its last. Reduced-size RTCP (any type first) is accepted. Padding
  /// is allowed on every packet and in any count: libwebrtc pads its transport feedback to 4 bytes that way, wherever
  /// in a compound it stands, although RFC 3550 section 6.4.1 reserves padding for the last one.
  static tl::expected<RtcpCompound, RtcpError> parse(Bytes datagram);

  class Iterator {
   public:
    explicit Iterator(const std::uint8_t* at) : at_(at) {}
    RtcpPacket operator*() const;
    Iterator& operator++() {
      at_ += kRtcpHeaderBytes + std::size_t{load_be16(at_ + 2)} * 4;
      return *this;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const std::uint8_t* at_;
  };
  Iterator begin() const { return Iterator(datagram_.data()); }
  Iterator end() const { return Iterator(datagram_.data() + datagram_.size()); }

 private:
  explicit RtcpCompound(Bytes datagram) : datagram_(datagram) {}
  Bytes datagram_;
};

/// Fixed-size records that lie one after the other, for `for (auto r : records)`. `Record` has kBytes and a static
/// `read(const std::uint8_t*)`.
template <class Record>
class Records {
 public:
  Records() = default;
  /// Whole records only; a rest is left out.
  explicit Records(Bytes bytes) : at_(bytes.data()), count_(bytes.size() / Record::kBytes) {}

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;  // each value is read anew
    using value_type = decltype(Record::read(nullptr));
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    explicit Iterator(const std::uint8_t* at) : at_(at) {}
    value_type operator*() const { return Record::read(at_); }
    Iterator& operator++() {
      at_ += Record::kBytes;
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    const std::uint8_t* at_;
  };
  Iterator begin() const { return Iterator(at_); }
  Iterator end() const { return Iterator(at_ + count_ * Record::kBytes); }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  /// `i` < size().
  auto operator[](std::size_t i) const { return Record::read(at_ + i * Record::kBytes); }

 private:
  const std::uint8_t* at_ = nullptr;
  std::size_t count_ = 0;
};

/// An SSRC in a list.
struct SsrcRecord {
  static constexpr std::size_t kBytes = 4;
  static Ssrc read(const std::uint8_t* at) { return Ssrc{load_be32(at)}; }
};

}  // namespace penstock::rtp
