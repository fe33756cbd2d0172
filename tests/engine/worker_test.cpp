// The worker loop with a service that answers odd senders and hands even ones to the other worker.
#include "dataplane/engine/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "dataplane/port/memory/port.h"

namespace penstock::engine {
namespace {

using namespace std::chrono_literals;

constexpr net::Endpoint kListen{net::Address::v4(0x7f000001), 3478};
std::atomic<int> test_number{0};

net::Endpoint sender(std::uint16_t port) {
  return {net::Address::v4(0x0a000001), port};
}

class EchoService : public Service {
 public:
  explicit EchoService(Shard& shard) : shard_(&shard) {}
  void process(net::Burst& burst) override {
    for (net::Packet* p : burst) {
      if (net::info(p).remote.port % 2 == 0 && shard_->workers() > 1) {
        shard_->hand_over(p, static_cast<std::uint16_t>(1 - shard_->worker()), ServiceId::turn);
      } else {
        answer(p);
      }
    }
  }
  void process_handed_over(net::Burst& burst) override {
    for (net::Packet* p : burst) {
      net::info(p).local = local;
      answer(p);
    }
  }
  void on_message(const Message& message) override { messages += message.get<int>(); }
  void on_icmp_error(const port::IcmpError& error) override { icmp_code = error.code; }
  bool advance(std::uint64_t, unsigned) override { return false; }

  net::LocalId local = net::kNoLocal;
  int messages = 0;
  int icmp_code = -1;

 private:
  void answer(net::Packet* p) {
    net::info(p).path = shard_->port().resolve(net::info(p).local, net::info(p).remote);
    shard_->send(p);
  }
  Shard* shard_;
};

struct Bed {
  explicit Bed(std::uint16_t count) {
    EXPECT_TRUE(net::start_environment(256));
    auto made =
        PostOffice::create(fmt::format("bed{}-", ++test_number), {.workers = count, .packets = 64, .messages = 64});
    EXPECT_TRUE(made) << made.error();
    office = std::move(*made);
  }

  tl::expected<void, std::string> set_up(Worker& worker, std::uint16_t id) {
    auto port = port::MemoryPort::create({.packets = 511, .host = host});
    if (!port) return tl::unexpected(port.error());
    ports[id] = port->get();
    auto shard = Shard::create({.worker = id, .workers = office->workers(), .flows = 64, .answer_packets = 63},
                               std::move(*port), *office);
    if (!shard) return tl::unexpected(shard.error());
    worker.install(std::move(*shard));
    auto echo = std::make_unique<EchoService>(worker.shard());
    echo->local = worker.shard().port().bind(kListen, {.shared = true}).value();
    worker.shard().claim(echo->local, ServiceId::turn);
    echoes[id] = echo.get();
    worker.add(ServiceId::turn, std::move(echo));
    return {};
  }

  std::shared_ptr<port::MemoryHost> host = std::make_shared<port::MemoryHost>();
  std::unique_ptr<PostOffice> office;
  std::array<port::MemoryPort*, 2> ports{};
  std::array<EchoService*, 2> echoes{};
};

void expect_equation(Shard& shard) {
  const WorkerCounters& w = shard.counters();
  const port::PortCounters& p = shard.port().counters();
  std::uint64_t dropped = 0;
  for (std::size_t i = 0; i < net::kDropCount; ++i) dropped += w.dropped[i].get() + p.dropped[i].get();
  EXPECT_EQ(p.received_packets.get() + w.taken_over.get() + w.copied.get() + w.originated.get(),
            p.sent_packets.get() + w.handed_over.get() + w.punted.get() + w.consumed.get() + dropped + w.held.get());
}

TEST(Worker, APassCarriesPacketsToTheServiceAndBackOut) {
  Bed bed(1);
  Worker worker;
  ASSERT_TRUE(bed.set_up(worker, 0));
  const std::array<std::uint8_t, 3> bytes{1, 2, 3};
  ASSERT_TRUE(bed.ports[0]->inject(kListen, sender(7), bytes));
  ASSERT_TRUE(bed.ports[0]->inject(kListen, sender(8), bytes));
  EXPECT_TRUE(worker.pass(1));
  EXPECT_FALSE(worker.pass(2));
  const auto sent = bed.ports[0]->take_sent();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].remote, sender(7));
  EXPECT_EQ(sent[1].remote, sender(8));
  EXPECT_GT(worker.shard().counters().busy_cycles.get(), 0U);
  EXPECT_EQ(worker.shard().counters().idle_passes.get(), 1U);
  expect_equation(worker.shard());
}

TEST(Worker, WhatNobodyClaimsIsDroppedByName) {
  Bed bed(1);
  Worker worker;
  ASSERT_TRUE(bed.set_up(worker, 0));
  worker.shard().unclaim(bed.echoes[0]->local);
  ASSERT_TRUE(bed.ports[0]->inject(kListen, sender(7), {}));
  worker.pass(1);
  EXPECT_EQ(worker.shard().counters().dropped[static_cast<std::size_t>(net::Drop::no_flow)].get(), 1U);
  expect_equation(worker.shard());
}

TEST(Worker, MessagesAndIcmpErrorsReachTheService) {
  Bed bed(1);
  Worker worker;
  ASSERT_TRUE(bed.set_up(worker, 0));
  Message message;
  message.service = static_cast<std::uint8_t>(ServiceId::turn);
  message.put(41);
  ASSERT_TRUE(bed.office->send(kControl, 0, message));
  message.service = 99;  // nobody's: ignored
  ASSERT_TRUE(bed.office->send(kControl, 0, message));
  bed.ports[0]->inject_icmp_error({bed.echoes[0]->local, sender(1), 3, 3, 0});
  worker.pass(1);
  EXPECT_EQ(bed.echoes[0]->messages, 41);
  EXPECT_EQ(bed.echoes[0]->icmp_code, 3);
}

TEST(Worker, SetupErrorsComeBackAndTheThreadEnds) {
  Worker worker;
  const auto outcome = worker.start(0, [](Worker&) { return tl::unexpected(std::string("no such port")); });
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error(), "no such port");
}

TEST(Worker, TwoWorkersHandPacketsOverWhileRunning) {
  Bed bed(2);
  std::array<Worker, 2> workers;
  for (std::uint16_t i = 0; i < 2; ++i) {
    const auto outcome = workers[i].start(i % std::max(1U, std::thread::hardware_concurrency()),
                                          [&](Worker& w) { return bed.set_up(w, i); });
    ASSERT_TRUE(outcome) << outcome.error();
  }
  for (Worker& worker : workers) worker.run();

  constexpr std::size_t kPackets = 2'000;
  const std::array<std::uint8_t, 2> bytes{1, 2};
  std::array<std::size_t, 2> injected{};
  for (std::size_t i = 0; i < kPackets; ++i) {
    injected[i % 2] +=
        bed.ports[i % 2]->inject(kListen, sender(static_cast<std::uint16_t>(100 + i / 2)), bytes) ? 1 : 0;
    if (i % 32 == 0) std::this_thread::sleep_for(1ms);
  }
  const auto finished = [&] {
    std::uint64_t ended = 0;
    for (std::size_t i = 0; i < 2; ++i) {
      ended += bed.ports[i]->counters().sent_packets.get() +
               workers[i].shard().counters().dropped[static_cast<std::size_t>(net::Drop::handoff_full)].get();
    }
    return ended == injected[0] + injected[1];
  };
  for (int i = 0; i < 500 && !finished(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(finished());
  for (Worker& worker : workers) worker.stop();
  for (Worker& worker : workers) worker.join();
  for (Worker& worker : workers) {
    EXPECT_GT(worker.shard().counters().handed_over.get(), 0U);
    expect_equation(worker.shard());
  }
}

}  // namespace
}  // namespace penstock::engine
