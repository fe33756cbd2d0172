#include "tests/sfu/testbed.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "dataplane/engine/clock.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/demultiplex.h"

namespace penstock::sfu::test {
namespace {

std::atomic<int> bed_number{0};
std::atomic<std::uint32_t> generations{0};

constexpr srtp::ContextId kSend = 0;
constexpr srtp::ContextId kReceive = 1;

template <class T>
T must(tl::expected<T, std::string> value) {
  if (!value) throw std::runtime_error(value.error());
  return std::move(*value);
}

srtp::MasterKey key_of(srtp::Profile profile, std::uint8_t first) {
  srtp::MasterKey key{.profile = profile};
  std::iota(key.key.begin(), key.key.begin() + static_cast<long>(srtp::key_bytes(profile)), first);
  std::iota(key.salt.begin(), key.salt.begin() + static_cast<long>(srtp::salt_bytes(profile)), first);
  return key;
}

}  // namespace

Site::Site(std::uint16_t workers, const NeighbourOptions& options, bool with_threads) : threads(with_threads) {
  if (const auto started = net::start_environment(512); !started) throw std::runtime_error(started.error());
  const int number = ++bed_number;
  office = must(
      engine::PostOffice::create(fmt::format("sfu{}-", number), {.workers = workers, .packets = 64, .messages = 64}));
  NeighbourOptions lanes = options;
  lanes.workers = workers;
  neighbours = must(Neighbours::create(fmt::format("sfu{}n", number), lanes));
}

SfuBed::SfuBed(const BedOptions& options)
    : site_(options.site != nullptr ? options.site : std::make_shared<Site>(std::uint16_t{1})),
      number_(options.worker) {
  const int number = ++bed_number;
  board_ = std::make_unique<Board>(options.sizes);
  using Lane = net::Mailbox<HandshakeDatagram>;
  lanes_.reset(new HandshakeLanes{must(Lane::create(fmt::format("sfu{}-to", number), HandshakeLanes::kCapacity)),
                                  must(Lane::create(fmt::format("sfu{}-from", number), HandshakeLanes::kCapacity)),
                                  eventfd(0, EFD_NONBLOCK)});
  settings_ = {.listen = {media(), {kMedia6.address, media().port}},
               .sizes = options.sizes,
               .media_packets = options.media_packets,
               .outgoing_packets = options.outgoing_packets,
               .cipher = options.cipher};
  worker_ = std::make_unique<engine::Worker>();
  const auto made = site_->threads ? worker_->start(number_ % std::max(1U, std::thread::hardware_concurrency()),
                                                    [this](engine::Worker& worker) { return set_up(worker); })
                                   : set_up(*worker_);
  if (!made) throw std::runtime_error(made.error());
  if (site_->threads) worker_->run();
  site_->beds.push_back(this);
}

tl::expected<void, std::string> SfuBed::set_up(engine::Worker& worker) {
  auto port = port::MemoryPort::create({.packets = 4095, .max_locals = 16});
  if (!port) return tl::unexpected(port.error());
  port_ = port->get();
  auto shard = engine::Shard::create(
      {.worker = number_, .workers = site_->office->workers(), .flows = 1024, .locals = 16, .answer_packets = 511},
      std::move(*port), *site_->office);
  if (!shard) return tl::unexpected(shard.error());
  worker.install(std::move(*shard));
  worker.shard().set_now(site_->threads ? engine::monotonic_ns() : site_->now_ns);
  auto service =
      SfuService::create(worker.shard(), settings_, *lanes_, *board_, site_->neighbours.get(), &site_->speakers);
  if (!service) return tl::unexpected(service.error());
  service_ = service->get();
  auto started = (*service)->start();
  worker.add(engine::ServiceId::sfu, std::move(*service));
  return started;
}

SfuBed::~SfuBed() {
  site_->stop();
  std::erase(site_->beds, this);
  worker_->shard().discard_pending();
  close(lanes_->wake_descriptor);
}

void Site::stop() {
  if (!threads) return;
  for (SfuBed* bed : beds) bed->worker_->stop();
  for (SfuBed* bed : beds) bed->worker_->join();
  for (SfuBed* bed : beds) bed->collect();
  threads = false;
}

void SfuBed::update(std::vector<Operation> operations) {
  post(std::move(operations));
  run();
}

void SfuBed::post(std::vector<Operation> operations) {
  updates_.push_back(std::make_unique<Update>(Update{updates_.size() + 1, std::move(operations)}));
  site_->office->send(engine::kControl, number_, message(updates_.back().get()));
}

void SfuBed::step(std::uint64_t ns) {
  site_->now_ns += ns;
  pass();
}

bool SfuBed::inject(const net::Endpoint& local, const net::Endpoint& remote, std::span<const std::uint8_t> bytes) {
  return port_->inject(local, remote, bytes);
}

void SfuBed::collect() {
  for (auto& datagram : port_->take_sent()) sent_.push_back(std::move(datagram));
}

bool SfuBed::pass() {
  const bool busy = worker_->pass(site_->now_ns);
  collect();
  return busy;
}

void SfuBed::wait_for_a_pass() {
  const std::uint64_t before = shard().counters().passes.get();
  while (shard().counters().passes.get() == before) {
    port_->wake();
    std::this_thread::yield();
  }
}

// What one worker gives to the other, and what comes back for it.
void SfuBed::settle() {
  constexpr int kRounds = 4;
  for (int i = 0; i < kRounds; ++i) {
    for (SfuBed* bed : site_->beds) bed->wait_for_a_pass();
  }
  for (SfuBed* bed : site_->beds) bed->collect();
}

void SfuBed::run() {
  if (site_->threads) return settle();
  constexpr int kMostPasses = 100'000;
  for (int i = 0; i < kMostPasses; ++i) {
    bool busy = false;
    for (SfuBed* bed : site_->beds) busy |= bed->pass();
    if (!busy) return;
  }
  throw std::runtime_error("the worker does not come to rest");
}

void SfuBed::advance(std::uint64_t ns) {
  if (site_->threads) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(ns));
    return settle();
  }
  constexpr std::uint64_t kStep = 5 * kMs;
  for (; ns > 0; ns -= std::min(ns, kStep)) {
    site_->now_ns += std::min(ns, kStep);
    run();
  }
}

std::vector<Payload> SfuBed::take(const net::Endpoint& remote) {
  std::vector<Payload> out;
  std::vector<port::SentDatagram> others;
  for (auto& datagram : sent_) {
    if (datagram.remote == remote) {
      out.push_back(std::move(datagram.bytes));
    } else {
      others.push_back(std::move(datagram));
    }
  }
  sent_ = std::move(others);
  return out;
}

std::vector<HandshakeDatagram> SfuBed::take_handshakes() {
  std::vector<HandshakeDatagram> out(HandshakeLanes::kCapacity);
  out.resize(lanes_->to_handshake.take(out));
  return out;
}

std::uint64_t SfuBed::dropped(net::Drop reason) {
  const auto at = static_cast<std::size_t>(reason);
  return worker_->shard().counters().dropped[at].get() + port_->counters().dropped[at].get();
}

std::string SfuBed::imbalance() {
  const engine::WorkerCounters& c = worker_->shard().counters();
  const port::PortCounters& p = port_->counters();
  const std::uint64_t in = p.received_packets.get() + c.taken_over.get() + c.copied.get() + c.originated.get();
  std::uint64_t out = p.sent_packets.get() + c.handed_over.get() + c.punted.get() + c.consumed.get() + c.held.get();
  for (std::size_t i = 0; i < net::kDropCount; ++i) out += c.dropped[i].get() + p.dropped[i].get();
  return in == out ? "" : fmt::format("{} came, {} went", in, out);
}

Client::Client(SfuBed& bed, EndpointSlot slot, const net::Endpoint& remote, srtp::Profile profile,
               std::optional<net::Endpoint> local)
    : bed_(bed), slot_(slot), generation_(++generations), remote_(remote), local_(local.value_or(bed.media())) {
  const std::string fragment = fmt::format("frag{:04}", slot % 10000);
  std::copy_n(fragment.begin(), ice_.fragment.size(), ice_.fragment.begin());
  ice_.password.fill(static_cast<char>('a' + slot % 26));
  cipher_ = must(srtp::make_cipher(srtp::Kind::automatic, 2));
  const srtp::MasterKey ours = key_of(profile, static_cast<std::uint8_t>(slot * 2 + 1));
  const srtp::MasterKey theirs = key_of(profile, static_cast<std::uint8_t>(slot * 2 + 101));
  cipher_->install(kSend, ours);
  cipher_->install(kReceive, theirs);
  bed_.update({AddEndpoint{slot, generation_, {.ice = ice_, .cname = Cname("client")}},
               InstallKeys{.slot = slot, .receive = ours, .send = theirs}});
}

void Client::send_check(bool nominate) {
  std::array<std::uint8_t, 256> buffer;
  const stun::TransactionId id{1, 2, 3, static_cast<std::uint8_t>(slot_)};
  stun::MessageBuilder builder(buffer, stun::Method::binding, stun::Class::request, id);
  const std::string username = std::string(ice_.fragment.data(), ice_.fragment.size()) + ":theirs";
  builder.username(username).priority(1845501695).ice_controlling(42);
  if (nominate) builder.use_candidate();
  const auto* password = reinterpret_cast<const std::uint8_t*>(ice_.password.data());
  const auto size = builder.message_integrity(stun::HmacSha1({password, ice_.password.size()})).fingerprint().finish();
  send(std::span(buffer).first(size.value()));
}

bool Client::check(bool nominate) {
  send_check(nominate);
  bed_.run();
  for (const Payload& answer : take_datagrams()) {
    const auto message = stun::MessageView::parse(answer);
    if (message && message->is(stun::Method::binding, stun::Class::success)) return true;
  }
  return false;
}

Payload Client::protect(std::span<const std::uint8_t> header, std::span<const std::uint8_t> payload,
                        std::uint32_t roll_over) {
  Payload packet(header.begin(), header.end());
  packet.resize(header.size() + payload.size() + srtp::kMaxTrailerBytes);
  srtp::ProtectJob job{.context = kSend,
                       .header_size = static_cast<std::uint16_t>(header.size()),
                       .packet_index = std::uint64_t{roll_over} << 16 | net::load_be16(&header[2]),
                       .out = packet,
                       .prefix = {},
                       .payload = payload};
  cipher_->protect(std::span(&job, 1));
  packet.resize(job.size);
  return packet;
}

void Client::send_rtp(std::span<const std::uint8_t> header, std::span<const std::uint8_t> payload,
                      std::uint32_t roll_over) {
  send(protect(header, payload, roll_over));
}

void Client::send_rtcp(std::span<const std::uint8_t> compound) {
  Payload packet(compound.begin(), compound.end());
  packet.resize(compound.size() + srtp::kMaxRtcpTrailerBytes);
  packet.resize(cipher_->protect_rtcp(kSend, packet, compound.size()).size);
  send(packet);
}

Received Client::decrypt(Payload packet, const rtp::ExtensionIds& ids) {
  Received out{
      .header = rtp::parse_header(packet).value(), .extensions = {}, .packet = std::move(packet), .payload = {}};
  const std::uint32_t ssrc = rtp::to_wire(out.header.ssrc);
  auto at = std::ranges::find(received_, ssrc, [](const auto& p) { return p.first; });
  if (at == received_.end()) at = received_.insert(at, {ssrc, srtp::ReceiveIndex{}});
  const std::uint64_t index = at->second.estimate(out.header.sequence.value);
  out.payload.resize(out.packet.size());
  Payload copy = out.packet;
  srtp::UnprotectJob job{.context = kReceive,
                         .header_size = out.header.header_bytes,
                         .packet_index = index,
                         .packet = copy,
                         .out = out.payload};
  cipher_->unprotect(std::span(&job, 1));
  if (job.result != srtp::Result::ok) throw std::runtime_error("an RTP packet that cannot be decrypted");
  if (at->second.check(index) == srtp::Replay::fresh) at->second.accept(index);
  out.payload.resize(job.size);
  out.extensions = rtp::find_extensions(out.header.extension_profile, out.header.extension_of(out.packet), ids);
  return out;
}

std::vector<Payload> Client::take_datagrams() {
  std::vector<Payload> all;
  for (SfuBed* bed : beds_) std::ranges::move(bed->take(remote_), std::back_inserter(all));
  return all;
}

Payload Client::open_rtcp(Payload datagram) {
  const std::uint32_t ssrc = net::load_be32(&datagram[4]);
  const auto opened = cipher_->unprotect_rtcp(kReceive, datagram);
  if (opened.result != srtp::Result::ok) throw std::runtime_error("an RTCP packet that cannot be decrypted");
  if (opened.index <= rtcp_indices_[ssrc]) throw std::runtime_error("an SRTCP index that was used before");
  rtcp_indices_[ssrc] = opened.index;
  datagram.resize(opened.size);
  return datagram;
}

Client::Taken Client::take(const rtp::ExtensionIds& ids) {
  Taken taken;
  for (Payload& datagram : take_datagrams()) {
    if (stun::classify(datagram) != stun::PacketKind::rtp) {
      taken.others.push_back(std::move(datagram));
    } else if (rtp::is_rtcp(datagram)) {
      taken.rtcp.push_back(open_rtcp(std::move(datagram)));
    } else {
      taken.rtp.push_back(decrypt(std::move(datagram), ids));
    }
  }
  return taken;
}

}  // namespace penstock::sfu::test
