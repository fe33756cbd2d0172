#include "dataplane/stun/builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "dataplane/stun/integrity.h"
#include "tests/stun/hex.h"

namespace penstock::stun {
namespace {

using testing::hex;
using testing::to_hex;

constexpr TransactionId kId{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const net::Endpoint kV4{net::Address::v4(0xc0000201), 32853};
const net::Endpoint kV6 = net::parse_endpoint("[2001:db8::17]:3478", 0).value();
const HmacSha1 kSha1Key{bytes_of("sha1 key")};
const HmacSha256 kSha256Key{bytes_of("sha256 key")};

/// Builds into a buffer of `room` bytes between two guards, which must stay as they were.
class Sheet {
 public:
  explicit Sheet(std::size_t room = 1400) : storage_(room + 2 * kGuard, 0xee), room_(room) {}
  std::span<std::uint8_t> out() { return std::span(storage_).subspan(kGuard, room_); }
  MessageBuilder request(Method method = Method::allocate) { return {out(), method, Class::request, kId}; }
  bool guards_intact() const {
    const auto untouched = [](std::uint8_t byte) { return byte == 0xee; };
    return std::all_of(storage_.begin(), storage_.begin() + kGuard, untouched) &&
           std::all_of(storage_.end() - kGuard, storage_.end(), untouched);
  }
  MessageView parsed(tl::expected<std::size_t, BuildError> size) {
    return MessageView::parse(out().first(size.value())).value();
  }

 private:
  static constexpr std::size_t kGuard = 64;
  std::vector<std::uint8_t> storage_;
  std::size_t room_;
};

TEST(Builder, EveryAttributeReadsBackAsWritten) {
  Sheet sheet;
  const std::array<std::uint16_t, 3> unknown{3, 0x7fff, 0x10};
  const std::array<std::uint8_t, 32> hash{1, 2, 3};
  const std::array algorithms{PasswordAlgorithm::sha256, PasswordAlgorithm::md5};
  const ReservationToken token{8, 7, 6, 5, 4, 3, 2, 1};
  const Icmp icmp_error{.type = 3, .code = 4, .error_data = 1280};
  const auto size = sheet.request()
                        .xor_mapped_address(kV4)
                        .xor_peer_address(kV6)
                        .xor_relayed_address(kV6)
                        .mapped_address(kV4)
                        .alternate_server(kV6)
                        .username("user")
                        .realm("example.org")
                        .nonce("nonce")
                        .software("Penstock")
                        .error_code(Error::unauthenticated)
                        .address_error_code(net::Family::v6, Error::address_family_not_supported)
                        .unknown_attributes(unknown)
                        .userhash(hash)
                        .password_algorithm(PasswordAlgorithm::sha256)
                        .password_algorithms(algorithms)
                        .channel_number(0x4fff)
                        .lifetime(3600)
                        .requested_address_family(net::Family::v6)
                        .additional_address_family(net::Family::v6)
                        .even_port(true)
                        .requested_transport(kTransportUdp)
                        .dont_fragment()
                        .reservation_token(token)
                        .icmp(icmp_error)
                        .data(bytes_of("payload"))
                        .priority(0x6e0001ff)
                        .use_candidate()
                        .ice_controlled(0x0102030405060708)
                        .ice_controlling(0xfffefdfcfbfaf9f8)
                        .message_integrity(kSha1Key)
                        .message_integrity_sha256(kSha256Key)
                        .fingerprint()
                        .finish();
  ASSERT_TRUE(size) << to_string(size.error());
  const MessageView m = sheet.parsed(size);
  EXPECT_TRUE(m.is(Method::allocate, Class::request));
  EXPECT_TRUE(std::ranges::equal(m.transaction_id(), kId));
  EXPECT_EQ(xor_mapped_address(m), kV4);
  EXPECT_EQ(xor_peer_address(m), kV6);
  EXPECT_EQ(xor_relayed_address(m), kV6);
  EXPECT_EQ(mapped_address(m), kV4);
  EXPECT_EQ(alternate_server(m), kV6);
  EXPECT_EQ(username(m), "user");
  EXPECT_EQ(realm(m), "example.org");
  EXPECT_EQ(nonce(m), "nonce");
  EXPECT_EQ(software(m), "Penstock");
  EXPECT_EQ(error_code(m)->code, 401);
  EXPECT_EQ(error_code(m)->reason, "Unauthenticated");
  EXPECT_EQ(address_error_code(m)->family, net::Family::v6);
  EXPECT_EQ(address_error_code(m)->error.code, 440);
  EXPECT_EQ(to_hex(*unknown_attributes(m)), "00037fff0010");
  EXPECT_TRUE(std::ranges::equal(*userhash(m), hash));
  EXPECT_EQ(password_algorithm(m)->algorithm, PasswordAlgorithm::sha256);
  EXPECT_EQ(to_hex(*password_algorithms(m)), "0002000000010000");
  EXPECT_EQ(channel_number(m), 0x4fff);
  EXPECT_EQ(lifetime_s(m), 3600u);
  EXPECT_EQ(requested_address_family(m), net::Family::v6);
  EXPECT_EQ(additional_address_family(m), net::Family::v6);
  EXPECT_EQ(even_port(m), true);
  EXPECT_EQ(requested_transport(m), kTransportUdp);
  EXPECT_EQ(dont_fragment(m), true);
  EXPECT_EQ(reservation_token(m), token);
  EXPECT_EQ(icmp(m), icmp_error);
  EXPECT_EQ(text_of(*stun::data(m)), "payload");
  EXPECT_EQ(priority(m), 0x6e0001ffu);
  EXPECT_EQ(use_candidate(m), true);
  EXPECT_EQ(ice_controlled(m), 0x0102030405060708u);
  EXPECT_EQ(ice_controlling(m), 0xfffefdfcfbfaf9f8u);
  EXPECT_EQ(verify_integrity(m, kSha1Key), Verdict::valid);
  EXPECT_EQ(verify_integrity_sha256(m, kSha256Key), Verdict::valid);
  EXPECT_EQ(verify_fingerprint(m), Verdict::valid);
  EXPECT_TRUE(sheet.guards_intact());
}

TEST(Builder, MethodAndClassBitsSurvive) {
  for (unsigned method = 0; method <= kLargestMethod; ++method) {
    for (auto message_class : {Class::request, Class::indication, Class::success, Class::error}) {
      Sheet sheet(kHeaderBytes);
      const auto size = MessageBuilder(sheet.out(), Method(method), message_class, kId).finish();
      ASSERT_TRUE(sheet.parsed(size).is(Method(method), message_class)) << method;
    }
  }
}

TEST(Builder, AnswersCarryMethodAndTransactionOfTheRequest) {
  Sheet request_sheet;
  Sheet answer;
  const MessageView request = request_sheet.parsed(request_sheet.request(Method::refresh).finish());
  const MessageView success = answer.parsed(MessageBuilder::success(answer.out(), request).lifetime(0).finish());
  EXPECT_TRUE(success.is(Method::refresh, Class::success));
  EXPECT_TRUE(std::ranges::equal(success.transaction_id(), kId));
  const MessageView error = answer.parsed(MessageBuilder::error(answer.out(), request, Error::stale_nonce).finish());
  EXPECT_TRUE(error.is(Method::refresh, Class::error));
  EXPECT_EQ(error_code(error)->code, 438);
  EXPECT_EQ(error_code(error)->reason, "Stale Nonce");
}

/// Whatever the room, the builder either fits or says so, and stays inside.
TEST(Builder, NeverWritesPastTheBuffer) {
  const auto build = [](Sheet& sheet) {
    return sheet.request()
        .xor_mapped_address(kV6)
        .software("Penstock!")
        .even_port(false)
        .error_code(Error::forbidden)
        .message_integrity(kSha1Key)
        .message_integrity_sha256(kSha256Key)
        .fingerprint()
        .finish();
  };
  Sheet roomy;
  const std::size_t needed = build(roomy).value();
  for (std::size_t room = 0; room <= needed + 4; ++room) {
    Sheet sheet(room);
    const auto size = build(sheet);
    EXPECT_EQ(size.has_value(), room >= needed) << room;
    if (!size) {
      EXPECT_EQ(size.error(), BuildError::does_not_fit);
    }
    EXPECT_TRUE(sheet.guards_intact()) << room;
  }
}

TEST(Builder, PaddingIsZero) {
  Sheet sheet;
  const auto size = sheet.request().software("abcde").finish();
  EXPECT_EQ(to_hex(sheet.out().first(*size).subspan(kHeaderBytes)),
            "80220005"
            "6162636465000000");
}

TEST(Builder, ALengthFieldHasSixteenBits) {
  Sheet sheet(70000);
  const std::vector<std::uint8_t> value(0xfff8);
  EXPECT_EQ(sheet.request().data(value).finish(), kHeaderBytes + 0xfffcu);
  EXPECT_EQ(sheet.request().data(value).dont_fragment().finish().error(), BuildError::does_not_fit);
  const std::vector<std::uint8_t> too_long(0xfff9);
  EXPECT_EQ(sheet.request().data(too_long).finish().error(), BuildError::does_not_fit);
  EXPECT_EQ(sheet.request().data_in_place(0xfff8).finish(), kHeaderBytes + 4u);
  EXPECT_EQ(sheet.request().data_in_place(0xfff9).finish().error(), BuildError::does_not_fit);
  EXPECT_EQ(sheet.request().data_in_place(~std::size_t{0}).finish().error(), BuildError::does_not_fit);
}

TEST(Builder, ImpossibleValuesAreRefused) {
  const std::string long_text(510, 'x');
  const struct {
    const char* what;
    std::function<MessageBuilder&(MessageBuilder&)> append;
  } cases[] = {
      {"user name", [&](auto& b) -> auto& { return b.username(std::string_view(long_text).substr(0, 509)); }},
      {"realm", [&](auto& b) -> auto& { return b.realm(long_text); }},
      {"nonce", [&](auto& b) -> auto& { return b.nonce(long_text); }},
      {"software", [&](auto& b) -> auto& { return b.software(long_text); }},
      {"reason", [&](auto& b) -> auto& { return b.error_code(400, long_text); }},
      {"code below", [](auto& b) -> auto& { return b.error_code(299, ""); }},
      {"code above", [](auto& b) -> auto& { return b.error_code(700, ""); }},
      {"address code", [](auto& b) -> auto& { return b.address_error_code(net::Family::v4, Error{7}); }},
      {"ICMP type", [](auto& b) -> auto& { return b.icmp({.type = 128, .code = 0, .error_data = 0}); }},
      {"ICMP code", [](auto& b) -> auto& { return b.icmp({.type = 0, .code = 512, .error_data = 0}); }},
      {"no SHA-1 key", [](auto& b) -> auto& { return b.message_integrity(HmacSha1()); }},
      {"no SHA-256 key", [](auto& b) -> auto& { return b.message_integrity_sha256(HmacSha256()); }},
  };
  for (const auto& [what, append] : cases) {
    Sheet sheet;
    auto builder = sheet.request();
    EXPECT_EQ(append(builder).lifetime(1).finish().error(), BuildError::invalid_value) << what;
  }
}

TEST(Builder, NothingFollowsIntegrityButStrongerIntegrityAndFingerprint) {
  Sheet sheet;
  EXPECT_EQ(sheet.request().message_integrity(kSha1Key).lifetime(1).finish().error(), BuildError::out_of_order);
  EXPECT_EQ(sheet.request().message_integrity(kSha1Key).message_integrity(kSha1Key).finish().error(),
            BuildError::out_of_order);
  EXPECT_EQ(sheet.request().message_integrity_sha256(kSha256Key).message_integrity(kSha1Key).finish().error(),
            BuildError::out_of_order);
  EXPECT_EQ(sheet.request().fingerprint().lifetime(1).finish().error(), BuildError::out_of_order);
  EXPECT_EQ(sheet.request().fingerprint().fingerprint().finish().error(), BuildError::out_of_order);
  EXPECT_EQ(sheet.request().data_in_place(4).fingerprint().finish().error(), BuildError::out_of_order);
}

TEST(Builder, DataInPlaceGathersToTheSameMessageAsACopy) {
  for (std::size_t length : {0, 1, 2, 3, 4, 1199, 1200}) {
    const std::vector<std::uint8_t> payload(length, 0xab);
    Sheet copied;
    const auto whole =
        MessageBuilder(copied.out(), Method::data, Class::indication, kId).xor_peer_address(kV6).data(payload).finish();
    ASSERT_TRUE(whole);

    Sheet head;
    const auto head_size = MessageBuilder(head.out(), Method::data, Class::indication, kId)
                               .xor_peer_address(kV6)
                               .data_in_place(length)
                               .finish();
    ASSERT_TRUE(head_size);
    std::vector<std::uint8_t> gathered(head.out().begin(), head.out().begin() + *head_size);
    gathered.insert(gathered.end(), payload.begin(), payload.end());
    gathered.resize(gathered.size() + MessageBuilder::padding_bytes(length));
    EXPECT_EQ(to_hex(gathered), to_hex(copied.out().first(*whole))) << length;
  }
}

TEST(Builder, UnlistedErrorHasNoPhrase) {
  EXPECT_EQ(reason_phrase(Error::insufficient_capacity), "Insufficient Capacity");
  EXPECT_EQ(reason_phrase(Error{599}), "");
}

}  // namespace
}  // namespace penstock::stun
