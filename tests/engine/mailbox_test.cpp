#include "dataplane/engine/mailbox.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "dataplane/engine/message.h"
#include "dataplane/net/packet_pool.h"

namespace penstock::engine {
namespace {

struct Numbered {
  std::uint32_t sender;
  std::uint32_t number;
};

TEST(Mailbox, ManySendersLoseNothingAndKeepEachSendersOrder) {
  ASSERT_TRUE(net::start_environment(64));
  auto mailbox = Mailbox<Message>::create("mailbox-test", 64);
  ASSERT_TRUE(mailbox) << mailbox.error();
  constexpr std::uint32_t kEach = 20'000;
  constexpr std::uint32_t kSenders = 3;
  std::array<std::thread, kSenders> senders;
  for (std::uint32_t s = 0; s < kSenders; ++s) {
    senders[s] = std::thread([&mailbox, s] {
      for (std::uint32_t n = 0; n < kEach; ++n) {
        Message m;
        m.put(Numbered{s, n});
        while (!mailbox->send(m)) std::this_thread::yield();
      }
    });
  }
  std::array<std::uint32_t, kSenders> expected{};
  std::array<Message, 16> taken;
  for (std::uint32_t total = 0; total < kEach * kSenders;) {
    const unsigned n = mailbox->take(taken);
    if (n == 0) std::this_thread::yield();
    for (unsigned i = 0; i < n; ++i) {
      const auto value = taken[i].get<Numbered>();
      ASSERT_EQ(value.number, expected[value.sender]++);
    }
    total += n;
  }
  for (auto& sender : senders) sender.join();
  EXPECT_TRUE(mailbox->empty());
}

TEST(Mailbox, RefusesWhenFull) {
  ASSERT_TRUE(net::start_environment(64));
  auto mailbox = Mailbox<Numbered>::create("mailbox-full", 4);
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
