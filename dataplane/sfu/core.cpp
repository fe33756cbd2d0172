#include "dataplane/sfu/core.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <ctime>

#include "dataplane/engine/clock.h"
#include "dataplane/sfu/fan_out.h"
#include "dataplane/sfu/receive.h"

namespace penstock::sfu {
namespace {

constexpr std::uint64_t kTurnTickNs = 5'000'000;

std::uint64_t secret() {
  std::uint64_t value = 0;
  // 8 bytes are never short once the generator is seeded, which getrandom waits for.
  [[maybe_unused]] const ssize_t n = getrandom(&value, sizeof value, 0);
  return value;
}

std::uint64_t unix_minus_monotonic() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  const auto unix_ns = static_cast<std::uint64_t>(t.tv_sec) * engine::kNsPerS + static_cast<std::uint64_t>(t.tv_nsec);
  return unix_ns - engine::monotonic_ns();
}

}  // namespace

Core::~Core() {
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (endpoints[i].generation == 0) continue;
    srtp::wipe(keys[i].client);
    srtp::wipe(keys[i].server);
  }
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].generation == 0) continue;
    for (Encoding& encoding : tracks[i].encodings) encoding.ring.clear();
  }
}

tl::expected<std::unique_ptr<Core>, std::string> Core::create(engine::Shard& shard, const SfuSettings& settings,
                                                              HandshakeLanes& lanes, Board& board,
                                                              Neighbours* neighbours, SpeakerBoard* speakers) {
  // Payloads begin behind the headroom that every pool's packets have.
  auto media = net::PacketPool::create(fmt::format("media-{}", shard.worker()), settings.media_packets, kStoredBytes);
  if (!media) return tl::unexpected(media.error());
  auto outgoing =
      net::PacketPool::create(fmt::format("outgoing-{}", shard.worker()), settings.outgoing_packets, kOutgoingBytes);
  if (!outgoing) return tl::unexpected(outgoing.error());
  std::optional<net::PacketPool> views;
  if (neighbours != nullptr && neighbours->workers() > 1) {
    auto made = net::PacketPool::create(fmt::format("views-{}", shard.worker()), settings.media_packets, 0);
    if (!made) return tl::unexpected(made.error());
    views.emplace(std::move(*made));
  }
  const std::size_t workers = neighbours == nullptr ? 1 : neighbours->workers();
  auto cipher = srtp::make_cipher(settings.cipher, std::size_t{2} * settings.sizes.endpoints);
  if (!cipher) return tl::unexpected(cipher.error());
  const BoardSizes& sizes = settings.sizes;
  const std::size_t streams = std::size_t{sizes.tracks} * kMostEncodings * 2;
  std::unique_ptr<Core> core(new Core{
      .shard = shard,
      .settings = settings,
      .lanes = lanes,
      .board = board,
      .neighbours = neighbours,
      .speakers = speakers,
      .stats = {},
      .cipher = std::move(*cipher),
      .media = std::move(*media),
      .outgoing = std::move(*outgoing),
      .endpoints = net::LazyArray<Endpoint>(sizes.endpoints),
      .arrivals = net::LazyArray<rtp::TransportFeedbackRecorder>(sizes.endpoints),
      .histories = net::LazyArray<rtp::SendHistory>(sizes.endpoints),
      .past_streams = net::LazyArray<PastStreams>(sizes.endpoints),
      .clocks = net::LazyArray<PublisherClock>(sizes.endpoints),
      .tracks = net::LazyArray<Track>(sizes.tracks),
      .hearings = net::LazyArray<Hearing>(sizes.tracks),
      .mirrors = net::LazyArray<MirrorLink>(sizes.tracks * workers),
      .stored = net::LazyArray<StoredPacket>(std::size_t{sizes.tracks} * kMostEncodings * kVideoRing),
      .streams = net::LazyArray<Stream>(streams),
      .subscriptions = net::LazyArray<Subscription>(sizes.subscriptions),
      .sent = net::LazyArray<SentRecord>(std::size_t{sizes.subscriptions} * kSentRecords),
      .keys = net::LazyArray<srtp::MasterKeys>(sizes.endpoints),
      .fragments = KeyTable(sizes.endpoints, secret()),
      .stream_of = KeyTable(static_cast<std::uint32_t>(streams), secret()),
      .subscription_of = KeyTable(2 * sizes.subscriptions, secret()),
      .turns = engine::TimerWheel(sizes.endpoints, kTurnTickNs, shard.now_ns()),
      .mirror_turns = engine::TimerWheel(sizes.tracks, kTurnTickNs, shard.now_ns()),
      .views = std::move(views),
      .first_neighbour = 0,
      .lent = std::vector<std::uint32_t>(workers, 0),
      .borrowed = std::vector<net::LocalId>(workers * settings.listen.size(), net::kNoLocal),
  });
  core->unix_minus_monotonic_ns = unix_minus_monotonic();
  core->media_batch = std::make_unique<MediaBatch>();
  core->fan_out = std::make_unique<FanOut>(*core);
  core->stats.media_capacity.set(settings.media_packets);
  return core;
}

}  // namespace penstock::sfu
