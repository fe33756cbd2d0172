#include "dataplane/engine/shard.h"

#include <fmt/format.h>

namespace penstock::engine {

tl::expected<std::unique_ptr<Shard>, std::string> Shard::create(const ShardOptions& options,
                                                                std::unique_ptr<port::Port> port,
                                                                PostOffice& post_office) {
  auto answers =
      net::PacketPool::create(fmt::format("answers-{}", options.worker), options.answer_packets, kAnswerSize);
  if (!answers) return tl::unexpected(answers.error());
  return std::unique_ptr<Shard>(new Shard(options, std::move(port), post_office, std::move(*answers)));
}

Shard::Shard(const ShardOptions& options, std::unique_ptr<port::Port> port, PostOffice& post_office,
             net::PacketPool answers)
    : options_(options),
      port_(std::move(port)),
      post_office_(&post_office),
      answers_(std::move(answers)),
      flows_(options.flows),
      owners_(options.locals, ServiceId::none),
      to_wake_(options.workers, 0) {
  inbox().port = port_.get();
  counters_.flows_capacity.set(flows_.capacity());
  counters_.packets_total.set(answers_.capacity());
}

Shard::~Shard() {
  inbox().port = nullptr;
  discard_pending();
}

void Shard::discard_pending() {
  port_->discard_pending();
  for (net::Packet* p : outgoing_) net::free(p);
  outgoing_.clear();
  std::array<HandedOver, 32> left;
  for (auto& lane : inbox().packets) {
    while (const unsigned n = lane.take(left)) {
      for (unsigned i = 0; i < n; ++i) net::free(left[i].packet);
    }
  }
}

void Shard::claim(net::LocalId local, ServiceId service) {
  if (local >= owners_.size()) owners_.resize(local + std::size_t{1}, ServiceId::none);
  owners_[local] = service;
}

void Shard::unclaim(net::LocalId local) {
  owners_[local] = ServiceId::none;
}

void Shard::hand_over(net::Packet* p, std::uint16_t worker, ServiceId service) {
  if (!post_office_->hand_over(options_.worker, worker, {p, static_cast<std::uint64_t>(service)})) {
    drop(p, net::Drop::handoff_full);
    return;
  }
  counters_.handed_over.add();
  to_wake_[worker] = 1;
  wakes_pending_ = true;
}

net::Packet* Shard::originate() {
  net::Packet* p = answers_.allocate();
  if (p == nullptr) return nullptr;
  counters_.originated.add();
  return p;
}

bool Shard::post(std::uint16_t worker, const Message& message) {
  if (worker == kControl) return post_office_->send_to_control(options_.worker, message);
  if (!post_office_->send(options_.worker, worker, message)) return false;
  to_wake_[worker] = 1;
  wakes_pending_ = true;
  return true;
}

void Shard::wake_others() {
  if (!wakes_pending_) return;
  wakes_pending_ = false;
  for (std::uint16_t worker = 0; worker < options_.workers; ++worker) {
    if (to_wake_[worker] == 0) continue;
    to_wake_[worker] = 0;
    post_office_->wake(worker);
  }
}

// Counting a pool looks into every thread's cache of it, which is too dear for every pass.
void Shard::update_gauges() {
  constexpr std::uint64_t kEveryNs = 1'000'000;
  if (now_ns_ < gauges_until_ns_) return;
  gauges_until_ns_ = now_ns_ + kEveryNs;
  counters_.flows.set(flows_.size());
  counters_.packets_in_use.set(answers_.in_use());
}

}  // namespace penstock::engine
