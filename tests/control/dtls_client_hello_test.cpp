// What real clients open with gets a DTLS 1.2 ServerHello with the SRTP profile of our choice, however it arrives.

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/control/dtls_bench.h"
#include "tests/control/dtls_client_hellos.h"

namespace penstock::control::dtls::testing {
namespace {

Datagram from_hex(std::string_view hex) {
  Datagram bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

struct Client {
  const char* name;
  const std::vector<std::string_view>& hello;
  std::uint8_t profile;  ///< low byte of its number
};

class DtlsClientHello : public ::testing::TestWithParam<Client> {
 protected:
  void SetUp() override {
    for (const std::string_view hex : GetParam().hello) datagrams_.push_back(from_hex(hex));
    bench_.associations().add({DtlsBench::endpoint(), Role::passive, {Fingerprint{}}}, bench_.now());
  }
  void expect_server_hello() {
    const auto flight = bench_.take_sent();
    ASSERT_FALSE(flight.empty());
    const Datagram& first = flight.front();
    ASSERT_GT(first.size(), 27u);
    EXPECT_EQ(first[13], 2) << "ServerHello, behind a record header of 13 bytes";
    EXPECT_EQ(first[25] << 8 | first[26], 0xfefd) << "DTLS 1.2, behind a message header of 12 bytes";
    const std::vector<std::uint8_t> use_srtp = {0, 14, 0, 5, 0, 2, 0, GetParam().profile, 0};
    EXPECT_NE(std::ranges::search(first, use_srtp).begin(), first.end());
    for (const Datagram& datagram : flight) EXPECT_LE(datagram.size(), 1200u);
    EXPECT_TRUE(bench_.reports.empty());
  }

  DtlsBench bench_;
  std::vector<Datagram> datagrams_;
};

TEST_P(DtlsClientHello, InOrder) {
  for (const Datagram& datagram : datagrams_) bench_.deliver(datagram);
  expect_server_hello();
}

TEST_P(DtlsClientHello, LastDatagramFirst) {
  for (const Datagram& datagram : std::vector(datagrams_.rbegin(), datagrams_.rend())) bench_.deliver(datagram);
  expect_server_hello();
}

TEST_P(DtlsClientHello, EachDatagramTwice) {
  for (const Datagram& datagram : datagrams_) {
    bench_.deliver(datagram);
    bench_.deliver(datagram);
  }
  expect_server_hello();
}

TEST_P(DtlsClientHello, FirstDatagramLostAndTheHelloRepeated) {
  for (std::size_t i = 1; i < datagrams_.size(); ++i) bench_.deliver(datagrams_[i]);
  EXPECT_TRUE(bench_.take_sent().empty());
  for (Datagram datagram : datagrams_) {
    datagram[10] = static_cast<std::uint8_t>(datagram[10] + 5);  // a retransmission has record numbers of its own
    bench_.deliver(datagram);
  }
  expect_server_hello();
}

INSTANTIATE_TEST_SUITE_P(Clients, DtlsClientHello,
                         ::testing::Values(Client{"Chromium", kChromium156, 7}, Client{"Firefox", kFirefox153, 7},
                                           Client{"Aiortc", kAiortc14, 1}),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace penstock::control::dtls::testing
