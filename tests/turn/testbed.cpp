#include "tests/turn/testbed.h"

#include <fmt/format.h>

#include <atomic>
#include <stdexcept>

namespace penstock::turn::test {
namespace {

std::atomic<int> bed_number{0};

template <class T>
T must(tl::expected<T, std::string> value) {
  if (!value) throw std::runtime_error(value.error());
  return std::move(*value);
}

std::uint64_t dropped(const engine::Shard& shard, const port::Port& port, net::Drop reason) {
  const auto at = static_cast<std::size_t>(reason);
  return const_cast<engine::Shard&>(shard).counters().dropped[at].get() + port.counters().dropped[at].get();
}

}  // namespace

BedOptions::BedOptions() {
  fixed.listen = {kListen4, kListen6};
  fixed.relay_addresses = {{kRelay4, kRelay4}, {kRelay6, kRelay6}};
  fixed.port_min = 20000;
  fixed.port_max = 20999;
  fixed.allocations_per_worker = 256;
  fixed.permissions_per_worker = 1024;
  fixed.channels_per_worker = 1024;
  settings.realm = "example.org";
  settings.users = {{"ada", "secret"}, {"bob", "secret"}};
  settings.answer_rates = {.per_v4_address_per_s = 100'000, .per_v6_network_per_s = 100'000, .burst_s = 2};
}

TestBed::TestBed(BedOptions options) : options_(std::move(options)) {
  if (const auto started = net::start_environment(512); !started) throw std::runtime_error(started.error());
  const int number = ++bed_number;
  office_ = must(engine::PostOffice::create(fmt::format("turn{}-", number),
                                            {.workers = options_.workers, .packets = 256, .messages = 256}));
  shared_ = std::make_unique<SharedState>(options_.fixed, options_.seed);
  settings_.push_back(must(compile(options_.settings, options_.fixed)));
  for (std::uint16_t id = 0; id < options_.workers; ++id) {
    records_.push_back(
        must(net::Mailbox<EndedRecord>::create(fmt::format("turn{}-records{}", number, id), options_.record_lane)));
  }
  for (std::uint16_t id = 0; id < options_.workers; ++id) add_worker(id);
}

TestBed::~TestBed() {
  for (auto& worker : workers_) worker->shard().discard_pending();
}

void TestBed::add_worker(std::uint16_t id) {
  auto port = must(port::MemoryPort::create({.packets = options_.packets,
                                             .max_locals = options_.fixed.allocations_per_worker * 2 + 64,
                                             .record = options_.record,
                                             .host = host_}));
  ports_.push_back(port.get());
  const std::uint32_t flows = options_.fixed.allocations_per_worker + options_.fixed.channels_per_worker + 1024;
  auto worker = std::make_unique<engine::Worker>();
  worker->install(must(engine::Shard::create(
      {.worker = id, .workers = options_.workers, .flows = flows, .answer_packets = options_.answer_packets},
      std::move(port), *office_)));
  worker->shard().set_now(now_ns_);
  auto service =
      std::make_unique<TurnService>(worker->shard(), options_.fixed, *shared_, settings_.back(), &records_[id]);
  if (const auto started = service->start(); !started) throw std::runtime_error(started.error());
  services_.push_back(service.get());
  worker->add(engine::ServiceId::turn, std::move(service));
  workers_.push_back(std::move(worker));
}

bool TestBed::inject(std::uint16_t worker, const net::Endpoint& local, const net::Endpoint& remote,
                     std::span<const std::uint8_t> bytes, std::uint8_t tos) {
  return ports_[worker]->inject(local, remote, bytes, tos);
}

bool TestBed::inject_train(std::uint16_t worker, const net::Endpoint& local, const net::Endpoint& remote,
                           std::span<const std::uint8_t> bytes, std::uint16_t segment) {
  const net::LocalId id = ports_[worker]->find(local);
  return id != net::kNoLocal && ports_[worker]->inject_train(id, remote, bytes, segment);
}

std::optional<std::uint16_t> TestBed::worker_of(const net::Endpoint& relayed) {
  for (std::uint16_t id = 0; id < ports_.size(); ++id) {
    if (ports_[id]->find(relayed) != net::kNoLocal) return id;
  }
  return std::nullopt;
}

bool TestBed::pass() {
  bool busy = false;
  for (std::uint16_t id = 0; id < workers_.size(); ++id) {
    busy |= workers_[id]->pass(now_ns_);
    for (auto& datagram : ports_[id]->take_sent()) sent_.push_back({id, std::move(datagram)});
  }
  return busy;
}

void TestBed::run() {
  constexpr int kMostPasses = 100'000;
  for (int i = 0; i < kMostPasses; ++i) {
    if (!pass()) return;
  }
  throw std::runtime_error("the workers do not come to rest");
}

void TestBed::advance(std::uint64_t ns) {
  now_ns_ += ns;
  run();
}

std::vector<Sent> TestBed::take(const net::Endpoint& remote) {
  std::vector<Sent> out;
  std::vector<Sent> others;
  for (Sent& s : sent_) (s.datagram.remote == remote ? out : others).push_back(std::move(s));
  sent_ = std::move(others);
  return out;
}

std::vector<EndedRecord> TestBed::records(std::uint16_t worker) {
  std::vector<EndedRecord> out(records_[worker].capacity());
  out.resize(records_[worker].take(out));
  return out;
}

void TestBed::reload(const Settings& settings) {
  settings_.push_back(must(compile(settings, options_.fixed)));
  const engine::Message reload = message(MessageKind::new_settings, NewSettings{settings_.back().get(), ++generation_});
  for (std::uint16_t id = 0; id < workers_.size(); ++id) office_->send(engine::kControl, id, reload);
  run();
}

void TestBed::tell(MessageKind kind) {
  for (std::uint16_t id = 0; id < workers_.size(); ++id) office_->send(engine::kControl, id, message(kind));
  run();
}

std::uint64_t TestBed::drops(net::Drop reason, std::uint16_t worker) const {
  return dropped(workers_[worker]->shard(), *ports_[worker], reason);
}

std::uint64_t TestBed::all_drops(std::uint16_t worker) const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < net::kDropCount; ++i) sum += drops(static_cast<net::Drop>(i), worker);
  return sum;
}

std::string TestBed::equation_error() const {
  for (std::uint16_t id = 0; id < workers_.size(); ++id) {
    const engine::WorkerCounters& w = workers_[id]->shard().counters();
    const port::PortCounters& p = ports_[id]->counters();
    const std::uint64_t in = p.received_packets.get() + w.taken_over.get() + w.copied.get() + w.originated.get();
    const std::uint64_t not_received = drops(net::Drop::rx_no_packet, id) + drops(net::Drop::rx_truncated, id);
    const std::uint64_t out = p.sent_packets.get() + w.handed_over.get() + w.punted.get() + w.consumed.get() +
                              all_drops(id) - not_received + w.held.get();
    if (in != out) return fmt::format("worker {}: {} packets came in, {} are accounted for", id, in, out);
  }
  return {};
}

}  // namespace penstock::turn::test
