#pragma once
// The header of every packet of one subscription: built once, patched at fixed offsets per packet.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/rtp/header.h"
#include "dataplane/rtp/header_extensions.h"

namespace penstock::rtp {

/// RTP header and extension block: texts are constant, each negotiated extension of fixed size has a slot. A slot with
/// no value for a packet is filled with padding bytes (id 0, RFC 8285 section 4.2), so the size never changes.
/// Trivially copyable; zero bytes are no template: use `make`.
class HeaderTemplate {
 public:
  static constexpr std::size_t kMostBytes = 64;

  struct Parameters {
    /// The receiver's ids. Slots for abs_send_time, transport_sequence, audio_level and video_orientation that have
    /// one: leave out (0) what this track never carries. An id above 14 makes the whole block two-byte form.
    ExtensionIds ids{};
    /// Constant texts, written if they are not empty and their extension has an id. At most kLongestStreamId bytes.
    std::string_view mid{};
    std::string_view rid{};
    std::string_view repaired_rid{};
  };

  /// Nothing if a text is too long or all of it takes more than kMostBytes (only two-byte form with long texts can).
  static std::optional<HeaderTemplate> make(const Parameters& parameters);

  /// Bytes of the header: where the payload goes. The same for every packet.
  std::size_t size() const { return size_; }

  /// Whether it has a slot for that extension, or carries that text.
  bool carries(Extension extension) const { return offset_[static_cast<std::size_t>(extension)] != 0; }

  /// Writes the header. `out` always has kMostBytes of room: what lies behind `size()` is clobbered, so write the
  /// header before the payload. Values without a slot are left out.
  void write(std::span<std::uint8_t, kMostBytes> out, const FixedHeader& header, const ExtensionValues& values) const;

 private:
  bool add(Extension extension, const ExtensionIds& ids, Bytes value);
  std::uint8_t* slot(std::uint8_t* out, Extension extension, const ExtensionValues& values,
                     std::size_t value_bytes) const;

  std::array<std::uint8_t, kMostBytes> bytes_{};
  std::array<std::uint8_t, kExtensions> offset_{};  ///< of each extension's element in `bytes_`; 0: it has none
  std::uint8_t size_ = 0;
  std::uint8_t element_header_bytes_ = 0;  ///< 1 or 2: which form
};

}  // namespace penstock::rtp
