// The table behind permissions, channels and users, against std::map, with hashes that collide.
#include "turn/index_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace penstock::turn {
namespace {

TEST(IndexTable, FindsWhatIsThereWhateverWasErased) {
  constexpr std::uint32_t kCapacity = 64;
  IndexTable table(kCapacity);
  std::map<std::uint32_t, std::uint32_t> model;  // index -> hash
  std::mt19937 engine(1);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  for (int step = 0; step < 20'000; ++step) {
    const std::uint32_t index = random() % kCapacity;
    if (const auto at = model.find(index); at != model.end()) {
      table.erase(at->second, index);
      model.erase(at);
    } else {
      model[index] = random() % 2 == 0 ? random() : random() % 4 + UINT32_MAX - 3;  // clusters that wrap around
      table.insert(model[index], index);
    }
    for (const auto& [i, hash] : model) {
      ASSERT_EQ(table.find(hash, [&, wanted = i](std::uint32_t found) { return found == wanted; }), i);
    }
    ASSERT_EQ(table.find(random(), [](std::uint32_t) { return false; }), kNone);
  }
}

}  // namespace
}  // namespace penstock::turn
