#include "bench/load/allocations/relay.h"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>

#include "dataplane/engine/clock.h"

namespace penstock::load {
namespace {

constexpr unsigned kEnvironmentMb = 64;
constexpr std::uint32_t kListenersAndSpare = 8192;
const net::Endpoint kListener{net::Address::v4(0xc6336401), 3478};  // 198.51.100.1
constexpr std::uint32_t kFirstRelayAddress = 0xc6336500;            // 198.51.101.0

turn::FixedSettings fixed_settings(const RelayOptions& options) {
  turn::FixedSettings fixed;
  fixed.listen = {kListener};
  for (std::uint32_t i = 0; i < options.relay_addresses; ++i) {
    const net::Address address = net::Address::v4(kFirstRelayAddress + i);
    fixed.relay_addresses.push_back({address, address});
  }
  fixed.port_min = 1024;
  fixed.port_max = 65535;
  fixed.allocations_per_worker = options.allocations;
  fixed.permissions_per_worker = options.allocations;
  fixed.channels_per_worker = 131'072;  // idle allocations have none
  return fixed;
}

turn::Settings first_settings(const RelayOptions& options) {
  turn::Settings settings;
  settings.realm = options.realm;
  settings.secrets = {{options.secret}};
  settings.nonce_lifetime_s = 3600;
  return settings;
}

double thread_cpu_s() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

long involuntary_switches() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

}  // namespace

tl::expected<std::unique_ptr<Relay>, std::string> Relay::create(const RelayOptions& options) {
  if (auto started = net::start_environment(kEnvironmentMb); !started) return tl::unexpected(started.error());
  std::unique_ptr<Relay> relay(new Relay);
  relay->fixed_ = fixed_settings(options);
  auto office = engine::PostOffice::create("allocations", {});
  if (!office) return tl::unexpected(office.error());
  relay->office_ = std::move(*office);
  relay->shared_ = std::make_unique<turn::SharedState>(relay->fixed_);
  if (auto good = relay->reload(first_settings(options)); !good) return tl::unexpected(good.error());
  auto packets = net::PacketPool::create("requests", 2047, Crowd::kLongestRequest);
  if (!packets) return tl::unexpected(packets.error());
  relay->packets_ = std::move(*packets);

  std::vector<net::Address> addresses{kListener.address};
  for (const turn::RelayAddress& address : relay->fixed_.relay_addresses) addresses.push_back(address.address);
  auto port = std::make_unique<TablePort>(addresses, options.allocations + kListenersAndSpare);
  relay->port_ = port.get();
  engine::ShardOptions shard_options;
  shard_options.flows = relay->fixed_.allocations_per_worker + relay->fixed_.channels_per_worker + kListenersAndSpare;
  shard_options.locals = options.allocations + kListenersAndSpare;
  auto shard = engine::Shard::create(shard_options, std::move(port), *relay->office_);
  if (!shard) return tl::unexpected(shard.error());
  relay->worker_.install(std::move(*shard));
  relay->worker_.shard().set_now(relay->now_ns_);
  auto service = std::make_unique<turn::TurnService>(relay->worker_.shard(), relay->fixed_, *relay->shared_,
                                                     relay->settings_.front(), nullptr);
  if (auto bound = service->start(); !bound) return tl::unexpected(bound.error());
  relay->service_ = service.get();
  relay->worker_.add(engine::ServiceId::turn, std::move(service));
  return relay;
}

Relay::~Relay() {
  if (port_ != nullptr) worker_.shard().discard_pending();
}

bool Relay::pass(Spent& spent) {
  const engine::WorkerCounters& counters = worker_.shard().counters();
  const std::uint64_t cycles = counters.total_cycles.get();
  const long switches = involuntary_switches();
  const double cpu_s = thread_cpu_s();
  const bool left = worker_.pass(now_ns_);
  const double pass_cpu_s = thread_cpu_s() - cpu_s;
  spent.cpu_s += pass_cpu_s;
  spent.longest_cpu_s = std::max(spent.longest_cpu_s, pass_cpu_s);
  const std::uint64_t ns = (counters.total_cycles.get() - cycles) * engine::kNsPerS / rte_get_tsc_hz();
  spent.passes.record(ns);
  if (involuntary_switches() != switches) {
    ++spent.preempted;
  } else if (ns > spent.undisturbed_ns) {
    spent.undisturbed_ns = ns;
  }
  return left;
}

tl::expected<void, std::string> Relay::ask(Crowd& crowd, std::uint32_t first, std::uint32_t count, Ask ask,
                                           Spent& spent) {
  for (std::uint32_t client = first; client < first + count; ++client) {
    net::Packet* p = packets_->allocate();
    if (p == nullptr) return tl::unexpected(std::string("no packet is left for a request: answers are not coming"));
    const std::size_t size = crowd.write(client, ask, {rte_pktmbuf_mtod(p, std::uint8_t*), Crowd::kLongestRequest});
    p->data_len = static_cast<std::uint16_t>(size);
    p->pkt_len = p->data_len;
    net::info(p).local = 0;  // the listener was bound first
    net::info(p).remote = crowd.endpoint(client);
    port_->arriving().push(p);
  }
  pass(spent);

  std::uint32_t answers = 0;
  tl::expected<void, std::string> good;
  for (net::Packet* p : port_->departed()) {
    if (good) good = crowd.read(crowd.client_at(net::info(p).remote), ask, net::payload(p));
    ++answers;
    net::free(p);
  }
  port_->departed().clear();
  if (good && answers != count)
    return tl::unexpected(std::string("some clients were not answered: limits are in the way"));
  return good;
}

tl::expected<void, std::string> Relay::reload(turn::Settings settings) {
  auto compiled = turn::compile(settings, fixed_);
  if (!compiled) return tl::unexpected(compiled.error());
  settings_.push_back(*compiled);
  if (service_ == nullptr) return {};
  const turn::NewSettings news{compiled->get(), settings_.size() - 1};
  office_->send(engine::kControl, 0, turn::message(turn::MessageKind::new_settings, news));
  return {};
}

}  // namespace penstock::load
