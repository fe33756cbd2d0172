// A video frame to one receiver leaves as one send: the whole path on kernel sockets, over loopback.

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/engine/worker.h"
#include "dataplane/port/uring/port.h"
#include "dataplane/rtp/header_template.h"
#include "dataplane/sfu/service.h"
#include "dataplane/sfu/update.h"
#include "dataplane/stun/builder.h"
#include "tests/port/far_socket.h"

namespace penstock::sfu::test {
namespace {

const net::Address kLoopback = net::Address::v4(0x7f000001);
constexpr std::uint8_t kVp8 = 96;
constexpr std::size_t kFrame = 8;
constexpr std::size_t kPayload = 1200, kLastPayload = 500;

IceCredentials credentials(EndpointSlot slot) {
  IceCredentials ice;
  ice.fragment.fill(static_cast<char>('a' + slot));
  ice.password.fill('p');
  return ice;
}

srtp::MasterKey key(EndpointSlot slot, std::uint8_t direction) {
  srtp::MasterKey made{.profile = srtp::Profile::aead_aes_128_gcm};
  made.key.fill(static_cast<std::uint8_t>(slot));
  made.salt.fill(direction);
  return made;
}

// One worker on a uring port, a publisher (endpoint 0) and viewers with sockets of their own.
class UringRoom {
 public:
  explicit UringRoom(EndpointSlot viewers) : sockets_(viewers + 1) {
    EXPECT_TRUE(net::start_environment(512));
    static int number = 0;
    const std::string name = "trains" + std::to_string(++number);
    office_ = engine::PostOffice::create(name, {.workers = 1, .packets = 64, .messages = 64}).value();
    using Lane = net::Mailbox<HandshakeDatagram>;
    lanes_.reset(new HandshakeLanes{Lane::create(name + "t", HandshakeLanes::kCapacity).value(),
                                    Lane::create(name + "f", HandshakeLanes::kCapacity).value(),
                                    eventfd(0, EFD_NONBLOCK)});
    auto port = port::UringPort::create({.slabs = 64, .packets = 1024}).value();
    port_ = port.get();
    worker_.install(
        engine::Shard::create({.flows = 256, .locals = 16, .answer_packets = 255}, std::move(port), *office_).value());
    start_service();
    cipher_ = srtp::make_cipher(srtp::Kind::automatic, 1).value();
    cipher_->install(0, key(0, 1));
    for (EndpointSlot slot = 0; slot <= viewers; ++slot) add_endpoint(slot);
    TrackParameters track{
        .endpoint = 0, .kind = MediaKind::video, .codec = Codec::vp8, .payload_type = kVp8, .clock_rate = 90'000};
    track.encodings[0].ssrc = 0xa;
    update({SetTrack{0, 1, track}});
    for (EndpointSlot slot = 1; slot <= viewers; ++slot) update({SetSubscription{slot - 1, 1, view(slot)}});
  }
  ~UringRoom() {
    worker_.shard().discard_pending();
    close(lanes_->wake_descriptor);
  }

  /// A frame that arrives as one train.
  void publish_frame() {
    std::vector<std::uint8_t> train;
    for (std::size_t i = 0; i < kFrame; ++i) append_packet(train, i);
    ASSERT_TRUE(sockets_[0].send(media_, train, kHeader + kPayload + 16));
    ++frame_;
  }
  /// Passes until `done`, for two seconds at most.
  template <class Done>
  bool run_until(Done&& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      pass();
    }
    pass();
    return true;
  }
  const port::PortCounters& counters() const { return port_->counters(); }
  std::optional<port::FarSocket::Received> take(EndpointSlot viewer) { return sockets_[viewer].receive(); }

 private:
  struct GroSocket : port::FarSocket {
    GroSocket() : FarSocket(kLoopback, true) {}
  };
  static constexpr std::size_t kHeader = 12;

  static SubscriptionParameters view(EndpointSlot slot) {
    SubscriptionParameters p{.endpoint = slot,
                             .track = 0,
                             .kind = MediaKind::video,
                             .codec = Codec::vp8,
                             .payload_type = 100,
                             .clock_rate = 90'000,
                             .mid = Mid("0"),
                             .ssrc = 0x1000 + slot};
    p.extensions.set(rtp::Extension::mid, 4);
    p.extensions.set(rtp::Extension::transport_sequence, 3);
    return p;
  }
  void pass() { worker_.pass(now_ns_ += 10'000); }
  void start_service() {
    worker_.shard().set_now(now_ns_);
    for (std::uint16_t at = 21'000; at < 22'000; ++at) {
      media_ = {kLoopback, at};
      auto service = SfuService::create(
          worker_.shard(), {.listen = {media_}, .sizes = board_sizes_, .media_packets = 1023, .outgoing_packets = 1023},
          *lanes_, board_);
      ASSERT_TRUE(service) << service.error();
      if (!(*service)->start()) continue;  // somebody has that port
      service_ = service->get();
      worker_.add(engine::ServiceId::sfu, std::move(*service));
      return;
    }
    FAIL() << "no port to bind";
  }
  void update(std::vector<Operation> operations) {
    const Update update{++updates_, std::move(operations)};
    office_->send(engine::kControl, 0, message(&update));
    ASSERT_TRUE(run_until([&] { return service_->applied() == updates_; }));
  }
  void add_endpoint(EndpointSlot slot) {
    update({AddEndpoint{slot, 1, {.ice = credentials(slot), .cname = Cname("trains")}},
            InstallKeys{.slot = slot, .receive = key(slot, 1), .send = key(slot, 2)}});
    std::array<std::uint8_t, 256> buffer;
    const IceCredentials ice = credentials(slot);
    stun::MessageBuilder builder(buffer, stun::Method::binding, stun::Class::request, stun::TransactionId{1, 2, 3});
    builder.username(std::string(ice.fragment.data(), ice.fragment.size()) + ":them").priority(1);
    builder.ice_controlling(42).use_candidate();
    const auto* password = reinterpret_cast<const std::uint8_t*>(ice.password.data());
    builder.message_integrity(stun::HmacSha1({password, ice.password.size()})).fingerprint();
    ASSERT_TRUE(sockets_[slot].send(media_, std::span(buffer).first(builder.finish().value())));
    const auto connected = static_cast<std::uint64_t>(IceState::connected);
    ASSERT_TRUE(run_until([&] { return board_.endpoints[slot].ice.get() == connected; }));
    ASSERT_TRUE(sockets_[slot].receive()) << "the answer";
  }
  void append_packet(std::vector<std::uint8_t>& train, std::size_t i) {
    std::vector<std::uint8_t> payload(i + 1 == kFrame ? kLastPayload : kPayload, 0x5a);
    payload[0] = i == 0 ? 0x10 : 0x00;
    payload[1] = frame_ == 0 && i == 0 ? 0x10 : 0x11;
    std::array<std::uint8_t, 1500> out{};
    rtp::write_fixed_header(std::span(out).first<rtp::kFixedHeaderBytes>(),
                            {rtp::Ssrc{0xa}, {frame_ * 3000}, {sequence_}, kVp8, i + 1 == kFrame});
    srtp::ProtectJob job{.context = 0,
                         .header_size = kHeader,
                         .packet_index = sequence_++,
                         .out = out,
                         .prefix = {},
                         .payload = payload};
    cipher_->protect({&job, 1});
    train.insert(train.end(), out.begin(), out.begin() + job.size);
  }

  const BoardSizes board_sizes_{.endpoints = 32, .tracks = 1, .subscriptions = 32};
  std::unique_ptr<engine::PostOffice> office_;
  Board board_{board_sizes_};
  std::unique_ptr<HandshakeLanes> lanes_;
  engine::Worker worker_;
  port::UringPort* port_ = nullptr;
  SfuService* service_ = nullptr;
  std::unique_ptr<srtp::Cipher> cipher_;
  std::vector<GroSocket> sockets_;
  net::Endpoint media_;
  std::uint64_t updates_ = 0;
  std::uint64_t now_ns_ = 1'000'000'000'000;
  std::uint16_t sequence_ = 1;
  std::uint32_t frame_ = 0;
};

class Trains : public ::testing::TestWithParam<EndpointSlot> {};

TEST_P(Trains, AFrameIsOneReceiveAndOneSendToEachReceiver) {
  const EndpointSlot viewers = GetParam();
  UringRoom room(viewers);
  const std::uint64_t sends = room.counters().sends.get();
  const std::uint64_t packets = room.counters().sent_packets.get();
  const std::uint64_t received = room.counters().received_trains.get();
  room.publish_frame();
  ASSERT_TRUE(room.run_until([&] { return room.counters().sent_packets.get() == packets + viewers * kFrame; }));
  EXPECT_EQ(room.counters().received_trains.get(), received + 1);
  EXPECT_EQ(room.counters().sent_trains.get(), viewers);
  EXPECT_EQ(room.counters().sends.get(), sends + viewers);
  for (EndpointSlot viewer = 1; viewer <= viewers; ++viewer) {
    const auto train = room.take(viewer);
    ASSERT_TRUE(train);
    // Header, tag, and a last packet that is shorter.
    const std::size_t overhead = train->segment - kPayload;
    EXPECT_EQ(train->bytes.size(), (kFrame - 1) * train->segment + kLastPayload + overhead);
  }
}

INSTANTIATE_TEST_SUITE_P(Viewers, Trains, ::testing::Values(1, 20));

}  // namespace
}  // namespace penstock::sfu::test
