// Any bytes as a VP8 payload: the descriptor, the frame header, and the descriptor as subscribers get it.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/rtp/vp8.h"
#include "tests/fuzz/require.h"

namespace penstock::rtp {
namespace {

void walk(Bytes payload) {
  const auto before = parse_vp8(payload);
  if (!before) return;
  REQUIRE(before->bytes >= 1 && before->bytes <= Vp8Prefix::kMostBytes && before->bytes < payload.size());
  REQUIRE(before->picture_id <= 0x7fff && before->temporal_layer <= 3 && before->key_index <= 31);
  const bool key = starts_key_frame(*before, payload);
  const auto frame_size = key_frame_size(*before, payload);
  REQUIRE(key || !frame_size);

  const Vp8Prefix prefix = normalise(*before, payload);
  REQUIRE(prefix.rest_offset == before->bytes);
  std::array<std::uint8_t, Vp8Prefix::kMostBytes> head;
  const std::size_t head_bytes = write_prefix(head, prefix, before->picture_id, before->tl0picidx);
  REQUIRE(head_bytes == prefix.size && head_bytes <= head.size());
  REQUIRE(std::equal(head.begin(), head.begin() + prefix.size, prefix.bytes.begin()));

  // The same numbers written again are the same frame.
  std::vector<std::uint8_t> sent(head.begin(), head.begin() + prefix.size);
  sent.insert(sent.end(), payload.begin() + prefix.rest_offset, payload.end());
  const auto after = parse_vp8(sent);
  REQUIRE(after && after->bytes == prefix.size);
  REQUIRE(after->has_picture_id == before->has_picture_id && after->picture_id == before->picture_id);
  REQUIRE(after->has_tl0picidx == before->has_tl0picidx && after->tl0picidx == before->tl0picidx);
  REQUIRE(after->temporal_layer == before->temporal_layer && after->layer_sync == before->layer_sync);
  REQUIRE(after->has_picture_id == after->long_picture_id);
  REQUIRE(starts_key_frame(*after, sent) == key);
  REQUIRE(key_frame_size(*after, sent) == frame_size);
}

}  // namespace
}  // namespace penstock::rtp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::rtp::walk({data, size});
  return 0;
}
