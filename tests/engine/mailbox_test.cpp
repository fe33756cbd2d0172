#include "dataplane/net/mailbox.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "dataplane/engine/post_office.h"
#include "dataplane/net/packet_pool.h"

namespace penstock::engine {
namespace {

struct Numbered {
  std::uint32_t sender;
  std::uint32_t number;
};

TEST(PostOffice, ThreeThreadsSendToOneAndNothingIsLostOrReordered) {
  ASSERT_TRUE(net::start_environment(64));
  auto office = PostOffice::create("mailbox-test", {.workers = 3, .packets = 8, .messages = 64});
  ASSERT_TRUE(office) << office.error();
  constexpr std::uint32_t kEach = 20'000;
  constexpr std::array<std::uint16_t, 3> kSenders{1, 2, kControl};
  std::array<std::thread, kSenders.size()> senders;
  for (std::uint32_t s = 0; s < kSenders.size(); ++s) {
    senders[s] = std::thread([&office, s, &kSenders] {
      for (std::uint32_t n = 0; n < kEach; ++n) {
        Message m;
        m.put(Numbered{s, n});
        while (!(*office)->send(kSenders[s], 0, m)) std::this_thread::yield();
      }
    });
  }
  std::array<std::uint32_t, kSenders.size()> expected{};
  std::array<Message, 16> taken;
  for (std::uint32_t total = 0; total < kEach * kSenders.size();) {
    for (auto& lane : (*office)->inbox(0).messages) {
      const unsigned n = lane.take(taken);
      for (unsigned i = 0; i < n; ++i) {
        const auto value = taken[i].get<Numbered>();
        ASSERT_EQ(value.number, expected[value.sender]++);
      }
      total += n;
    }
    std::this_thread::yield();
  }
  for (auto& sender : senders) sender.join();
}

TEST(Mailbox, RefusesWhenFull) {
  ASSERT_TRUE(net::start_environment(64));
  auto mailbox = net::Mailbox<Numbered>::create("mailbox-full", 4);
  ASSERT_TRUE(mailbox) << mailbox.error();
  for (std::uint32_t n = 0; n < 4; ++n) EXPECT_TRUE(mailbox->send({0, n}));
  EXPECT_FALSE(mailbox->send({0, 4}));
  std::array<Numbered, 1> one;
  EXPECT_EQ(mailbox->take(one), 1U);
  EXPECT_EQ(one[0].number, 0U);
  EXPECT_TRUE(mailbox->send({0, 5}));
}

}  // namespace
}  // namespace penstock::engine
