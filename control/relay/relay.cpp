#include "control/relay/relay.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/relay/memory.h"

namespace penstock::control {
namespace {

using Result = tl::expected<void, std::string>;

// Allocates that wait for another worker's word have a flow, too, and so have endpoints that moved; rounded up.
constexpr std::uint32_t kFlowsBesides = 8192;
// Addresses that an endpoint was checked from, on average: old ones of a roaming client, or both families.
constexpr std::uint32_t kPairsPerEndpoint = 2;

engine::ShardOptions shard_options(const DataplaneSection& dataplane, const MediaPlane* media, std::uint16_t worker,
                                   std::uint16_t workers) {
  engine::ShardOptions options;
  options.worker = worker;
  options.workers = workers;
  options.locals = locals_per_worker(dataplane);
  options.flows = dataplane.allocations + dataplane.channels + kFlowsBesides;
  options.answer_packets = kAnswerPackets;
  if (media != nullptr) options.flows += kPairsPerEndpoint * media->settings(worker).sizes.endpoints;
  return options;
}

}  // namespace

tl::expected<std::unique_ptr<Relay>, std::string> Relay::create(const Config& config, const Plan& plan,
                                                                Network& network, MediaPlane* media,
                                                                turn::FixedSettings fixed, Settings settings) {
  const auto workers = static_cast<std::uint16_t>(plan.cores.size());
  auto post_office = engine::PostOffice::create("post", {workers, kPacketLane, kMessageLane});
  if (!post_office) return tl::unexpected(post_office.error());
  std::unique_ptr<Relay> relay(
      new Relay(network, media, std::move(fixed), std::move(settings), std::move(*post_office)));
  if (auto started = relay->start_workers(config, plan); !started) return tl::unexpected(started.error());
  return relay;
}

Relay::Relay(Network& network, MediaPlane* media, turn::FixedSettings fixed, Settings settings,
             std::unique_ptr<engine::PostOffice> post_office)
    : network_(network),
      media_(media),
      fixed_(std::move(fixed)),
      shared_(fixed_),
      post_office_(std::move(post_office)),
      courier_(*post_office_) {
  settings_.push_back({0, std::move(settings)});
}

Result Relay::start_workers(const Config& config, const Plan& plan) {
  for (std::size_t i = 0; i < plan.cores.size() && !config.log.allocations_file.empty(); ++i) {
    auto lane = net::Mailbox<turn::EndedRecord>::create(fmt::format("records-{}", i), kRecordLane);
    if (!lane) return tl::unexpected(lane.error());
    records_.push_back(std::move(*lane));
  }
  for (std::uint16_t number = 0; number < plan.cores.size(); ++number) {
    auto worker = std::make_unique<engine::Worker>();
    const auto setup = [&](engine::Worker& w) { return set_up(config, w, number); };
    if (auto started = worker->start(plan.cores[number], setup); !started) return started;
    workers_.push_back(std::move(worker));
  }
  return {};
}

// On the worker's own thread, so that its memory is near its core.
Result Relay::set_up(const Config& config, engine::Worker& worker, std::uint16_t number) {
  auto port = network_.create_port(number);
  if (!port) return tl::unexpected(port.error());
  const auto options = shard_options(config.dataplane, media_, number, post_office_->workers());
  auto shard = engine::Shard::create(options, std::move(*port), *post_office_);
  if (!shard) return tl::unexpected(shard.error());
  worker.install(std::move(*shard));
  auto service = std::make_unique<turn::TurnService>(worker.shard(), fixed_, shared_, settings_.front().settings,
                                                     records_.empty() ? nullptr : &records_[number]);
  if (auto bound = service->start(); !bound) return bound;
  services_.push_back(service.get());
  sources_.push_back({number, worker.cpu(), &worker.shard().port().counters(), &worker.shard().counters(),
                      &service->stats(), nullptr});
  worker.add(engine::ServiceId::turn, std::move(service));
  return media_ == nullptr ? Result{} : add_media(worker);
}

Result Relay::add_media(engine::Worker& worker) {
  auto service = media_->start_service(worker.shard());
  if (!service) return tl::unexpected(service.error());
  sources_.back().sfu = &(*service)->stats();
  worker.add(engine::ServiceId::sfu, std::move(*service));
  return {};
}

Relay::~Relay() {
  stop();
  network_.close();
  for (auto& worker : workers_) worker.reset();
}

void Relay::run() {
  for (auto& worker : workers_) worker->run();
}

void Relay::stop() {
  for (auto& worker : workers_) worker->stop();
  for (auto& worker : workers_) {
    worker->run();  // one that never ran waits for it
    worker->join();
  }
  // Those that ran longer may have sent to those that had ended.
  for (auto& worker : workers_) worker->discard_pending();
}

void Relay::apply(Settings settings) {
  const std::uint64_t generation = settings_.back().generation + 1;
  settings_.push_back({generation, std::move(settings)});
  courier_.post_all(
      turn::message(turn::MessageKind::new_settings, turn::NewSettings{settings_.back().settings.get(), generation}));
}

void Relay::begin_drain() {
  courier_.post_all(turn::message(turn::MessageKind::begin_drain));
}

void Relay::end_drain() {
  courier_.post_all(turn::message(turn::MessageKind::end_drain));
}

void Relay::tick() {
  courier_.deliver();
  network_.poll();
  std::uint64_t oldest_used = settings_.back().generation;
  for (const turn::TurnService* service : services_) {
    oldest_used = std::min(oldest_used, service->settings_generation());
  }
  while (settings_.front().generation < oldest_used) settings_.pop_front();
}

std::size_t Relay::take_records(const std::function<void(const turn::EndedRecord&)>& take) {
  std::array<turn::EndedRecord, 64> taken;
  std::size_t total = 0;
  for (auto& lane : records_) {
    // One lane's worth at most, or a worker that ends allocations all the time would hold control here.
    for (std::size_t budget = lane.capacity(); budget > 0;) {
      const unsigned n = lane.take(taken);
      std::for_each_n(taken.begin(), n, take);
      total += n;
      budget = n == 0 ? 0 : budget - std::min<std::size_t>(n, budget);
    }
  }
  return total;
}

std::uint64_t Relay::allocations() const {
  std::uint64_t sum = 0;
  for (const WorkerSource& source : sources_) {
    sum += source.turn->allocations.get() + source.turn->allocations_pending.get() +
           source.turn->allocations_draining.get();
  }
  return sum;
}

std::vector<RelayPortUse> Relay::relay_ports() const {
  std::vector<RelayPortUse> use;
  const turn::RelayDirectory& directory = shared_.directory;
  for (std::size_t i = 0; i < directory.addresses().size(); ++i) {
    use.push_back({net::to_string(directory.addresses()[i].address), directory.claimed(static_cast<std::uint8_t>(i)),
                   directory.ports()});
  }
  return use;
}

}  // namespace penstock::control
