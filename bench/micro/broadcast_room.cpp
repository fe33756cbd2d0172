#include "bench/micro/broadcast_room.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>

#include "dataplane/net/bytes.h"
#include "dataplane/rtp/header_template.h"
#include "dataplane/rtp/send_history.h"
#include "dataplane/stun/builder.h"

namespace penstock::bench {
namespace {

const net::Endpoint kMedia{net::Address::v4(0xc6336401), 3500};
constexpr std::uint32_t kSsrc = 0x5eed;
constexpr std::uint8_t kVp8 = 96;
constexpr std::uint16_t kFirstSequence = 100;
// Time between two packets: so little that no timer is due. What an endpoint costs by time is measured by itself.
constexpr std::uint64_t kStep_ns = 1000;

template <class T>
T must(tl::expected<T, std::string> value) {
  if (!value) throw std::runtime_error(value.error());
  return std::move(*value);
}

net::Endpoint client(sfu::EndpointSlot slot) {
  return {net::Address::v4(0x0a000000 + slot), static_cast<std::uint16_t>(40'000 + slot % 20'000)};
}

sfu::IceCredentials credentials(sfu::EndpointSlot slot) {
  sfu::IceCredentials ice;
  const std::string fragment = fmt::format("frag{:04x}", slot);
  std::copy_n(fragment.begin(), ice.fragment.size(), ice.fragment.begin());
  ice.password.fill('p');
  return ice;
}

srtp::MasterKey key(srtp::Profile profile, sfu::EndpointSlot slot, std::uint8_t direction) {
  srtp::MasterKey made{.profile = profile};
  net::store_be32(made.key.data(), slot);
  made.key[4] = direction;
  net::store_be32(made.salt.data(), slot);
  return made;
}

rtp::ExtensionIds published_ids() {
  rtp::ExtensionIds ids;
  ids.set(rtp::Extension::mid, 4);
  ids.set(rtp::Extension::transport_sequence, 3);
  return ids;
}

rtp::ExtensionIds subscribed_ids() {
  rtp::ExtensionIds ids;
  ids.set(rtp::Extension::mid, 4);
  ids.set(rtp::Extension::abs_send_time, 2);
  ids.set(rtp::Extension::transport_sequence, 3);
  return ids;
}

constexpr sfu::Feedback kFeedback{.nack = true, .pli = true, .fir = true, .remb = true, .transport = true};

sfu::TrackParameters track() {
  sfu::TrackParameters p{.endpoint = 0,
                         .kind = sfu::MediaKind::video,
                         .codec = sfu::Codec::vp8,
                         .payload_type = kVp8,
                         .rtx_payload_type = 97,
                         .clock_rate = 90'000,
                         .mid = sfu::Mid("0"),
                         .encoding_count = 1,
                         .extensions = published_ids(),
                         .feedback = kFeedback};
  p.encodings[0].ssrc = kSsrc;
  return p;
}

// What another worker knows of it.
sfu::TrackParameters mirror() {
  sfu::TrackParameters p{
      .endpoint = sfu::kNoSlot, .kind = sfu::MediaKind::video, .codec = sfu::Codec::vp8, .clock_rate = 90'000};
  p.origin = {.worker = 0, .track = 0, .generation = 1};
  return p;
}

sfu::SubscriptionParameters subscription(sfu::EndpointSlot endpoint, std::uint32_t nth, bool paused) {
  return {.endpoint = endpoint,
          .track = 0,
          .kind = sfu::MediaKind::video,
          .codec = sfu::Codec::vp8,
          .payload_type = 120,
          .rtx_payload_type = 121,
          .clock_rate = 90'000,
          .mid = sfu::Mid("0"),
          .ssrc = 0x100'0000 * (2 * nth + 1) + endpoint,
          .rtx_ssrc = 0x100'0000 * (2 * nth + 2) + endpoint,
          .extensions = subscribed_ids(),
          .feedback = kFeedback,
          .paused = paused,
          .first_sequence = static_cast<std::uint16_t>(endpoint * 7),
          .first_rtx_sequence = 1,
          .first_timestamp = endpoint,
          .first_picture_id = static_cast<std::uint16_t>(endpoint & 0x7fff)};
}

}  // namespace

Joint::Joint(std::uint16_t workers) {
  static int number = 0;
  ++number;
  if (const auto started = net::start_environment(512); !started) throw std::runtime_error(started.error());
  office = must(
      engine::PostOffice::create(fmt::format("joint{}-", number), {.workers = workers, .packets = 64, .messages = 64}));
  neighbours = must(sfu::Neighbours::create(fmt::format("joint{}n", number), {.workers = workers}));
}

BroadcastRoom::BroadcastRoom(const BroadcastOptions& options) : options_(options) {
  static int number = 0;
  ++number;
  if (options.joint == nullptr) own_ = std::make_unique<Joint>(std::uint16_t{1});
  const Joint& joint = options.joint == nullptr ? *own_ : *options.joint;
  office_ = joint.office.get();
  const sfu::BoardSizes sizes{.endpoints = options.subscribers + 1,
                              .tracks = 1,
                              .subscriptions = std::max(options.subscribers * options.subscriptions_of_each, 1U)};
  board_ = std::make_unique<sfu::Board>(sizes);
  using Lane = net::Mailbox<sfu::HandshakeDatagram>;
  lanes_.reset(
      new sfu::HandshakeLanes{must(Lane::create(fmt::format("room{}-to", number), sfu::HandshakeLanes::kCapacity)),
                              must(Lane::create(fmt::format("room{}-from", number), sfu::HandshakeLanes::kCapacity)),
                              eventfd(0, EFD_NONBLOCK)});
  auto memory = must(port::MemoryPort::create({.packets = 1023, .max_locals = 4, .record = false}));
  auto pool = must(net::PacketPool::create(fmt::format("feed-{}", number), 8191, 1536));
  auto port = std::make_unique<FeedPort>(std::move(memory), std::move(pool));
  port_ = port.get();
  worker_ = std::make_unique<engine::Worker>();
  worker_->install(must(engine::Shard::create({.worker = options.worker,
                                               .workers = office_->workers(),
                                               .flows = 2 * sizes.endpoints + 64,
                                               .locals = 4,
                                               .answer_packets = 1023},
                                              std::move(port), *office_)));
  worker_->shard().set_now(now_ns_);
  auto service = must(sfu::SfuService::create(worker_->shard(), {.listen = {kMedia}, .sizes = sizes}, *lanes_, *board_,
                                              joint.neighbours.get()));
  if (const auto started = service->start(); !started) throw std::runtime_error(started.error());
  service_ = service.get();
  worker_->add(engine::ServiceId::sfu, std::move(service));
  local_ = port_->memory().find(kMedia);
  publisher_ = must(srtp::make_cipher(srtp::Kind::automatic, 1));
  publisher_->install(0, key(options.profile, 0, 1));
  add_endpoint(0);
  update({sfu::SetTrack{0, 1, options.worker == 0 ? track() : mirror()}});
  if (options.empty) return;
  add_subscribers();
  subscribe();
  warm_up();
}

BroadcastRoom::~BroadcastRoom() {
  worker_->shard().discard_pending();
  close(lanes_->wake_descriptor);
}

void BroadcastRoom::update(std::vector<sfu::Operation> operations) {
  const sfu::Update update{++updates_, std::move(operations)};
  office_->send(engine::kControl, options_.worker, message(&update));
  while (service_->applied() < updates_) pass();
}

void BroadcastRoom::pass() {
  worker_->pass(now_ns_);
}

void BroadcastRoom::add_endpoint(sfu::EndpointSlot slot) {
  update({sfu::AddEndpoint{slot, 1, {.ice = credentials(slot), .cname = sfu::Cname("bench")}},
          sfu::InstallKeys{
              .slot = slot, .receive = key(options_.profile, slot, 1), .send = key(options_.profile, slot, 2)}});
  check(slot);
  if (board_->endpoints[slot].ice.get() != static_cast<std::uint64_t>(sfu::IceState::connected)) {
    throw std::runtime_error("an endpoint does not connect");
  }
}

// A connectivity check with its nomination (RFC 8445 section 7.2).
void BroadcastRoom::check(sfu::EndpointSlot slot) {
  std::array<std::uint8_t, 256> buffer;
  const sfu::IceCredentials ice = credentials(slot);
  stun::MessageBuilder builder(buffer, stun::Method::binding, stun::Class::request, stun::TransactionId{1, 2, 3});
  builder.username(std::string(ice.fragment.data(), ice.fragment.size()) + ":them").priority(1845501695);
  builder.ice_controlling(42).use_candidate();
  const auto* password = reinterpret_cast<const std::uint8_t*>(ice.password.data());
  const auto size = builder.message_integrity(stun::HmacSha1({password, ice.password.size()})).fingerprint().finish();
  port_->feed(local_, client(slot), std::span(buffer).first(size.value()));
  forward(1);
}

void BroadcastRoom::add_subscribers() {
  for (sfu::EndpointSlot slot = 1; slot <= options_.subscribers; ++slot) add_endpoint(slot);
}

// In an order that no prefetcher guesses: neighbours in the track's list are none in memory.
void BroadcastRoom::set_subscriptions(std::uint32_t nth, bool paused) {
  std::vector<std::uint32_t> order(options_.subscribers);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  for (const std::uint32_t i : order) {
    update({sfu::SetSubscription{nth * options_.subscribers + i, 1, subscription(i + 1, nth, paused)}});
  }
}

void BroadcastRoom::subscribe(bool paused) {
  set_subscriptions(subscriptions_++, paused);
  if (!paused) playing_ += options_.subscribers;
}

void BroadcastRoom::add_mirror(std::uint16_t worker) {
  update({sfu::AddMirror{0, worker, 0, 1}});
}

void BroadcastRoom::play() {
  set_subscriptions(0, false);
  playing_ = options_.subscribers;
  key_frame_ = published_ / kFrame;
  warm_up();
}

void BroadcastRoom::warm_up() {
  const std::size_t packets = 2 * rtp::SendHistory::kPackets;
  for (std::size_t i = 0; i < packets; i += 256) {
    publish(256);
    forward(kFrame);
  }
}

// A packet of a frame of kFrame, of three temporal layers as browsers send them (0 2 1 2).
std::size_t BroadcastRoom::write_packet(std::span<std::uint8_t> payload, bool first) const {
  const std::uint64_t frame = published_ / kFrame;
  static constexpr std::array<std::uint8_t, 4> kLayers{0, 2, 1, 2};
  std::ranges::fill(payload, std::uint8_t{0x5a});
  payload[0] = first ? 0x90 : 0x80;
  payload[1] = 0xe0;  // picture id, TL0PICIDX, TID
  net::store_be16(&payload[2], static_cast<std::uint16_t>(0x8000 | (frame & 0x7fff)));
  payload[4] = static_cast<std::uint8_t>(frame / 4);
  payload[5] = static_cast<std::uint8_t>(kLayers[frame % 4] << 6);
  if (first) payload[6] = frame == key_frame_ ? 0x10 : 0x11;
  return payload.size();
}

void BroadcastRoom::publish(std::size_t packets) {
  std::vector<std::uint8_t> payload(options_.payload_bytes);
  std::array<std::uint8_t, 1600> out{};
  rtp::HeaderTemplate::Parameters parameters{.ids = published_ids(), .mid = "0", .rid = {}, .repaired_rid = {}};
  const rtp::HeaderTemplate header = rtp::HeaderTemplate::make(parameters).value();
  for (std::size_t i = 0; i < packets; ++i, ++published_) {
    const std::uint64_t index = kFirstSequence + published_;
    write_packet(payload, published_ % kFrame == 0);
    rtp::ExtensionValues values;
    values.set_transport_sequence(static_cast<std::uint16_t>(published_));
    header.write(std::span(out).first<rtp::HeaderTemplate::kMostBytes>(),
                 {rtp::Ssrc{kSsrc},
                  {static_cast<std::uint32_t>(published_ / kFrame * 3000)},
                  {static_cast<std::uint16_t>(index)},
                  kVp8,
                  published_ % kFrame == kFrame - 1},
                 values);
    srtp::ProtectJob job{.context = 0,
                         .header_size = static_cast<std::uint16_t>(header.size()),
                         .packet_index = index,
                         .out = out,
                         .prefix = {},
                         .payload = payload};
    publisher_->protect({&job, 1});
    if (!port_->feed(local_, client(0), std::span(out).first(job.size))) throw std::runtime_error("no packet is left");
  }
}

void BroadcastRoom::forward(std::size_t burst) {
  constexpr int kMostPasses = 100'000;
  while (port_->waiting() != 0) {
    const std::size_t packets = std::min(burst, port_->waiting());
    const std::uint64_t expected = stats().forwarded_packets.get() + packets * playing_;
    port_->release(packets);
    pass();
    for (int i = 0; stats().forwarded_packets.get() < expected; ++i) {
      if (i == kMostPasses) throw std::runtime_error("packets are missing");
      pass();
    }
    now_ns_ += kStep_ns;
  }
}

}  // namespace penstock::bench
