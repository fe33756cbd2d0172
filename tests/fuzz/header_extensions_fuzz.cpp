// Any bytes as header extensions under any ids, and what was found through a template back to the same values.

#include <array>
#include <cstdint>

#include "dataplane/rtp/header_template.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"

namespace penstock::rtp {
namespace {

bool inside(std::string_view part, Bytes whole) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(part.data());
  return part.empty() || (data >= whole.data() && data + part.size() <= whole.data() + whole.size());
}

/// Each id has one meaning, as control guarantees.
ExtensionIds some_ids(fuzz::Input& input) {
  ExtensionIds ids;
  for (std::size_t i = 0; i < kExtensions; ++i) {
    const std::uint8_t id = input.byte();
    if (!ids.meaning_of(id)) ids.set(static_cast<Extension>(i), id);
  }
  return ids;
}

void same(const ExtensionValues& a, const ExtensionValues& b) {
  REQUIRE(a.present == b.present);
  REQUIRE(a.abs_send_time == b.abs_send_time);
  REQUIRE(a.transport_sequence == b.transport_sequence);
  REQUIRE(a.audio_level == b.audio_level);
  REQUIRE(a.video_orientation == b.video_orientation);
}

void round_trip(const Extensions& found, const ExtensionIds& ids) {
  const auto made =
      HeaderTemplate::make({.ids = ids, .mid = found.mid, .rid = found.rid, .repaired_rid = found.repaired_rid});
  if (!made) return;
  std::array<std::uint8_t, HeaderTemplate::kMostBytes> out;
  made->write(out, {}, found.values);
  const Bytes packet = Bytes(out).first(made->size());
  const auto header = parse_header(packet);
  REQUIRE(header && header->header_bytes == made->size());
  const Extensions again = find_extensions(header->extension_profile, header->extension_of(packet), ids);
  REQUIRE(again.mid == found.mid);
  REQUIRE(again.rid == found.rid);
  REQUIRE(again.repaired_rid == found.repaired_rid);
  same(again.values, found.values);
}

void walk(std::uint16_t profile, Bytes elements, const ExtensionIds& ids) {
  const Extensions found = find_extensions(profile, elements, ids);
  for (const std::string_view text : {found.mid, found.rid, found.repaired_rid}) {
    REQUIRE(text.size() <= kLongestStreamId);
    REQUIRE(inside(text, elements));
  }
  REQUIRE(found.values.abs_send_time <= 0xff'ffff);
  REQUIRE(ids[Extension::mid] != 0 || found.mid.empty());
  REQUIRE(ids[Extension::audio_level] != 0 || !found.values.has(Extension::audio_level));
  round_trip(found, ids);
}

}  // namespace
}  // namespace penstock::rtp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock::rtp;
  penstock::fuzz::Input input({data, size});
  const ExtensionIds ids = some_ids(input);
  const std::uint16_t profile = input.word();
  // The rest, in a block of its own size, so that reading past it is seen.
  std::vector<std::uint8_t> elements;
  while (!input.empty()) elements.push_back(input.byte());
  walk(profile, elements, ids);
  walk(kOneByteProfile, elements, ids);
  walk(kTwoByteProfile, elements, ids);
  return 0;
}
