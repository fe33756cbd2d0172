// What the STUN codec costs per message: parse, build, integrity, ChannelData header.

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/channel_data.h"
#include "dataplane/stun/crc32.h"
#include "dataplane/stun/integrity.h"
#include "dataplane/stun/long_term_key.h"

namespace penstock::stun {
namespace {

using Message = std::vector<std::uint8_t>;

constexpr TransactionId kId{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const net::Endpoint kClient{net::Address::v4(0xc0000201), 32853};
const net::Endpoint kRelayed{net::Address::v4(0xcb007105), 49152};

const LongTermKey kKey = long_term_key(PasswordAlgorithm::md5, "1700000000:alice", "example.org", "password");
const HmacSha1 kSha1Key{kKey.bytes()};
const HmacSha256 kSha256Key{kKey.bytes()};

template <class Fill>
Message message(Method method, Class message_class, Fill fill) {
  Message bytes(1500);
  MessageBuilder builder(bytes, method, message_class, kId);
  fill(builder);
  bytes.resize(builder.finish().value());
  return bytes;
}

/// What Chromium sends every ten seconds.
Message bare_binding() {
  return message(Method::binding, Class::request, [](MessageBuilder&) {});
}

/// An Allocate that has seen its 401: 150 bytes or so.
void fill_allocate(MessageBuilder& b) {
  b.requested_transport(kTransportUdp)
      .username("1700000000:alice")
      .realm("example.org")
      .nonce("obMatJos2AAADf//499k954d6OL34oL9FSTvy64sA");
}
Message allocate() {
  return message(Method::allocate, Class::request, [](MessageBuilder& b) {
    fill_allocate(b);
    b.message_integrity(kSha1Key).fingerprint();
  });
}
Message allocate_sha256() {
  return message(Method::allocate, Class::request, [](MessageBuilder& b) {
    fill_allocate(b);
    b.password_algorithm(PasswordAlgorithm::sha256).message_integrity_sha256(kSha256Key);
  });
}
Message send_indication() {
  return message(Method::send, Class::indication,
                 [](MessageBuilder& b) { b.xor_peer_address(kRelayed).data(Message(100, 0xab)); });
}

void parse(benchmark::State& state, Message (*make)()) {
  const Message bytes = make();
  for (auto _ : state) {
    auto parsed = MessageView::parse(bytes);
    benchmark::DoNotOptimize(parsed);
  }
}
BENCHMARK_CAPTURE(parse, binding, bare_binding);
BENCHMARK_CAPTURE(parse, allocate, allocate);
BENCHMARK_CAPTURE(parse, send_indication, send_indication);

/// The whole way of a Send indication through the codec: peer address and payload in hand.
void read_send_indication(benchmark::State& state) {
  const Message bytes = send_indication();
  for (auto _ : state) {
    const auto parsed = MessageView::parse(bytes);
    auto peer = xor_peer_address(*parsed);
    auto payload = data(*parsed);
    benchmark::DoNotOptimize(peer);
    benchmark::DoNotOptimize(payload);
  }
}
BENCHMARK(read_send_indication);

void parse_and_verify_allocate(benchmark::State& state) {
  const Message bytes = allocate();
  for (auto _ : state) {
    const auto parsed = MessageView::parse(bytes);
    if (verify_integrity(*parsed, kSha1Key) != Verdict::valid) state.SkipWithError("integrity");
  }
}
BENCHMARK(parse_and_verify_allocate);

void parse_and_verify_allocate_sha256(benchmark::State& state) {
  const Message bytes = allocate_sha256();
  for (auto _ : state) {
    const auto parsed = MessageView::parse(bytes);
    if (verify_integrity_sha256(*parsed, kSha256Key) != Verdict::valid) state.SkipWithError("integrity");
  }
}
BENCHMARK(parse_and_verify_allocate_sha256);

void build_binding_success(benchmark::State& state) {
  const Message bytes = bare_binding();
  const auto request = MessageView::parse(bytes);
  std::array<std::uint8_t, 200> out;
  for (auto _ : state) {
    auto size = MessageBuilder::success(out, *request).xor_mapped_address(kClient).finish();
    benchmark::DoNotOptimize(size);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(build_binding_success);

void build_allocate_success(benchmark::State& state) {
  const Message bytes = allocate();
  const auto request = MessageView::parse(bytes);
  std::array<std::uint8_t, 200> out;
  for (auto _ : state) {
    auto size = MessageBuilder::success(out, *request)
                    .xor_relayed_address(kRelayed)
                    .xor_mapped_address(kClient)
                    .lifetime(600)
                    .message_integrity(kSha1Key)
                    .finish();
    benchmark::DoNotOptimize(size);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(build_allocate_success);

/// 36 bytes before the payload, which is not touched.
void build_data_indication_head(benchmark::State& state) {
  std::array<std::uint8_t, 48> out;
  for (auto _ : state) {
    auto size = MessageBuilder(out, Method::data, Class::indication, kId)
                    .xor_peer_address(kRelayed)
                    .data_in_place(1200)
                    .finish();
    benchmark::DoNotOptimize(size);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(build_data_indication_head);

template <class Key>
void hmac(benchmark::State& state) {
  const Key key(kKey.bytes());
  const Message bytes(static_cast<std::size_t>(state.range(0)), 0x5a);
  for (auto _ : state) {
    auto mac = key.mac(bytes);
    benchmark::DoNotOptimize(mac);
  }
}
BENCHMARK(hmac<HmacSha1>)->Arg(50)->Arg(100)->Arg(200);
BENCHMARK(hmac<HmacSha256>)->Arg(50)->Arg(100)->Arg(200);

template <class Key>
void make_key(benchmark::State& state) {
  for (auto _ : state) {
    Key key(kKey.bytes());
    benchmark::DoNotOptimize(key);
  }
}
BENCHMARK(make_key<HmacSha1>);
BENCHMARK(make_key<HmacSha256>);

void fingerprint_crc32(benchmark::State& state) {
  const Message bytes(100, 0x5a);
  for (auto _ : state) benchmark::DoNotOptimize(crc32(bytes));
}
BENCHMARK(fingerprint_crc32);

void channel_data_header(benchmark::State& state) {
  Message datagram(4 + 1200);
  std::uint16_t channel = kFirstChannel;
  for (auto _ : state) {
    write_channel_data_header(std::span(datagram).first<4>(), channel, 1200);
    benchmark::DoNotOptimize(datagram.data());
    benchmark::ClobberMemory();
    auto parsed = parse_channel_data(datagram);
    benchmark::DoNotOptimize(parsed);
  }
}
BENCHMARK(channel_data_header);

}  // namespace
}  // namespace penstock::stun
