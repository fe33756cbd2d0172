#include <gtest/gtest.h>

#include <vector>

#include "dataplane/rtp/rtcp_transport_feedback.h"
#include "tests/rtp/only_packet.h"
#include "tests/stun/hex.h"

namespace penstock::rtp {
namespace {

using stun::testing::hex;
using testing::only_packet;

using Arrivals = std::vector<std::pair<std::uint16_t, std::int64_t>>;

/// The fixed part of a packet about 1 -> 2 whose base is 16 and reference time 64 ms, and what follows.
std::vector<std::uint8_t> feedback(std::uint16_t statuses, const char* chunks_and_deltas,
                                   const char* reference = "000001") {
  auto rest = hex(chunks_and_deltas);
  rest.resize(padded(rest.size()));
  auto bytes = hex(std::string("8fcd0000 00000001 00000002 00100000") + reference + "2a");
  bytes[3] = static_cast<std::uint8_t>(4 + rest.size() / 4);
  store_be16(&bytes[14], statuses);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

std::optional<Arrivals> read(const std::vector<std::uint8_t>& datagram) {
  const auto message = transport_feedback(only_packet(datagram));
  if (!message) return std::nullopt;
  Arrivals all;
  auto arrivals = message->arrivals();
  while (const auto arrival = arrivals.next()) all.emplace_back(arrival->sequence.value, arrival->arrival_us);
  return all;
}

TEST(TransportFeedback, FixedFields) {
  const auto datagram = feedback(1, "2001 00");
  const auto message = transport_feedback(only_packet(datagram));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->sender, Ssrc{1});
  EXPECT_EQ(message->media, Ssrc{2});
  EXPECT_EQ(message->base, TransportSequence{16});
  EXPECT_EQ(message->status_count, 1);
  EXPECT_EQ(message->reference_time, 1);
  EXPECT_EQ(message->feedback_count, 42);
}

TEST(TransportFeedback, EveryKindOfChunk) {
  struct Row {
    const char* what;
    std::uint16_t statuses;
    const char* bytes;
    Arrivals arrivals;
  };
  for (const Row& row : {
           Row{"two-bit vector: small, lost, large backwards, small",
               4,
               "d240 04 fffc 08",
               {{16, 65'000}, {18, 64'000}, {19, 66'000}}},
           Row{"one-bit vector: lost, arrived, twelve lost", 14, "9000 ff", {{17, 127'750}}},
           Row{"one-bit vector: the last of fourteen", 14, "8001 01", {{29, 64'250}}},
           Row{"run of small", 3, "2003 00 01 02", {{16, 64'000}, {17, 64'250}, {18, 64'750}}},
           Row{"run of large", 2, "4002 7fff 8000", {{16, 64'000 + 32'767 * 250}, {17, 64'000 - 250}}},
           Row{"run of lost, then one", 222, "00dd 2001 04", {{237, 65'000}}},
           Row{"only lost", 5, "0005", {}},
           Row{"a run longer than what is told of", 2, "3fff 00 00", {{16, 64'000}, {17, 64'000}}},
           Row{"an empty run before the others", 1, "0000 2000 2001 01", {{16, 64'250}}},
           Row{"a vector cut by the count, its rest ignored", 1, "dfff 01", {{16, 64'250}}},
       }) {
    const auto arrivals = read(feedback(row.statuses, row.bytes));
    ASSERT_TRUE(arrivals) << row.what;
    EXPECT_EQ(*arrivals, row.arrivals) << row.what;
  }
}

TEST(TransportFeedback, ReferenceTimeIsSigned) {
  EXPECT_EQ(read(feedback(1, "2001 00", "ffffff")), (Arrivals{{16, -64'000}}));
  EXPECT_EQ(read(feedback(1, "2001 00", "7fffff")), (Arrivals{{16, 0x7fffff * std::int64_t{64'000}}}));
}

TEST(TransportFeedback, SequenceNumbersWrap) {
  auto datagram = feedback(3, "2003 00 00 00");
  store_be16(&datagram[12], 65535);
  EXPECT_EQ(read(datagram), (Arrivals{{65535, 64'000}, {0, 64'000}, {1, 64'000}}));
}

TEST(TransportFeedback, LibwebrtcPadsWithTheHeaderBit) {
  auto datagram = feedback(1, "2001 04 01");  // one byte of padding that counts itself
  datagram[0] |= 0x20;
  EXPECT_EQ(read(datagram), (Arrivals{{16, 65'000}}));
  datagram.back() = 2;  // now the delta is padding
  EXPECT_EQ(read(datagram), std::nullopt);
}

TEST(TransportFeedback, LiesAreRefused) {
  struct Row {
    const char* what;
    std::uint16_t statuses;
    const char* bytes;
  };
  for (const Row& row : {
           Row{"tells of nothing", 0, "2001 00"},
           Row{"no chunks", 1, ""},
           Row{"chunks end early", 15, "8000 0000"},
           Row{"deltas end early", 3, "2003 0000"},
           Row{"a large delta ends early", 2, "4002 0000"},
           Row{"a run of the reserved symbol", 1, "6001 00000000"},
           Row{"the reserved symbol in a vector", 7, "c003 00000000"},
       }) {
    EXPECT_EQ(read(feedback(row.statuses, row.bytes)), std::nullopt) << row.what;
  }
}

TEST(TransportFeedback, OtherTypesAreNone) {
  const auto nack = hex("81cd0005 00000001 00000002 00100001 00000100 2001 00 00");
  EXPECT_EQ(read(nack), std::nullopt);
  const auto shorter = hex("8fcd0003 00000001 00000002 00100001");
  EXPECT_EQ(read(shorter), std::nullopt);
}

}  // namespace
}  // namespace penstock::rtp
