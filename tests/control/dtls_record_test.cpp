#include <gtest/gtest.h>

#include <vector>

#include "control/dtls/record.h"

namespace penstock::control::dtls {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes record(std::uint8_t type, std::uint8_t epoch, const Bytes& fragment, std::uint8_t minor = 253) {
  Bytes bytes = {type, 254, minor, 0, epoch, 0, 0, 0, 0, 0, 5, 0, static_cast<std::uint8_t>(fragment.size())};
  bytes.insert(bytes.end(), fragment.begin(), fragment.end());
  return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Case {
  const char* name;
  Bytes datagram;
  bool good;
  DatagramKind kind{};
};

class DtlsDatagrams : public testing::TestWithParam<Case> {};

TEST_P(DtlsDatagrams, AreReadFromOutside) {
  const Case& wanted = GetParam();
  const auto kind = inspect(wanted.datagram);
  ASSERT_EQ(kind.has_value(), wanted.good);
  if (!kind) return;
  EXPECT_EQ(kind->records, wanted.kind.records);
  EXPECT_EQ(kind->encrypted, wanted.kind.encrypted);
  EXPECT_EQ(kind->application_data, wanted.kind.application_data);
  EXPECT_EQ(kind->client_hello, wanted.kind.client_hello);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, DtlsDatagrams,
    testing::Values(Case{"ClientHello", record(22, 0, {1, 0, 0}, 255), true, {1, 0, 0, true}},
                    Case{"ClientHelloInTwoRecords", record(22, 0, {1}) + record(22, 0, {1}), true, {2, 0, 0, true}},
                    Case{"ServerHello", record(22, 0, {2, 0, 0}), true, {1, 0, 0, false}},
                    Case{"Finished", record(20, 0, {1}) + record(22, 1, {1, 2}), true, {2, 1, 0, false}},
                    Case{"EncryptedHandshakeIsNoClientHello", record(22, 1, {1, 2}), true, {1, 1, 0, false}},
                    Case{"ApplicationData", record(23, 1, {1}), true, {1, 1, 1, false}},
                    Case{"EmptyRecord", record(22, 0, {}), true, {1, 0, 0, false}}, Case{"Nothing", {}, false},
                    Case{"HalfAHeader", {22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0}, false},
                    Case{"CutFragment", Bytes{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1}, false},
                    Case{"TrailingByte", record(22, 0, {1}) + Bytes{22}, false},
                    Case{"Heartbeat", record(24, 0, {1}), false}, Case{"Dtls13Ciphertext", Bytes(40, 0x2f), false},
                    Case{"Dtls13Version", record(22, 0, {1}, 252), false},
                    Case{"Tls", Bytes{22, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, false}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(DtlsRecords, CarryWhatAuthenticationCovers) {
  const Bytes bytes = record(21, 1, {7, 8, 9}) + record(22, 0, {1});
  std::span<const std::uint8_t> rest = bytes;
  const auto first = take_record(rest);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, ContentType::alert);
  EXPECT_EQ(first->epoch, 1);
  EXPECT_EQ(first->epoch_and_number, (std::array<std::uint8_t, 8>{0, 1, 0, 0, 0, 0, 0, 5}));
  EXPECT_EQ(Bytes(first->fragment.begin(), first->fragment.end()), (Bytes{7, 8, 9}));
  EXPECT_EQ(rest.size(), 14u);
}

}  // namespace
}  // namespace penstock::control::dtls
