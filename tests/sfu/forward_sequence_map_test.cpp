#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "dataplane/sfu/forward/sequence_map.h"

namespace penstock::sfu {
namespace {

// Steps between spaces: +5 forwards number 5 of the source, -5 drops it, whatever place() says of it; ! behind it: all
// that is missing before it will not be missed, < the first, > the last. =5 enters the stream anew. The outcome: the
// outgoing number (from 1), - for dropped, or the place it has: d dropped, s sent before, o too old, j jump.
std::string run(const std::string& steps, std::uint64_t base = 1000) {
  SequenceMap map;
  SequenceHistory history;
  map.start(1);
  std::string outcome;
  std::istringstream words(steps);
  const auto note = [&](const std::string& text) { outcome += (outcome.empty() ? "" : " ") + text; };
  for (std::string word; words >> word;) {
    const std::uint64_t sequence = base + std::stoull(word.substr(1));
    const bool drop = word[0] == '-';
    const Unmissed unmissed{.all = word.back() == '!', .first = word.back() == '<', .last = word.back() == '>'};
    if (word[0] == '=') {
      note(std::to_string(map.enter(sequence, history)));
      continue;
    }
    switch (map.place(sequence, history)) {
      case SequenceMap::Place::newest:
        if (drop) map.drop(sequence, unmissed, history);
        note(drop ? "-" : std::to_string(map.forward(sequence, unmissed, history)));
        break;
      case SequenceMap::Place::hole:
        note(drop ? "-" : std::to_string(map.fill(sequence, history)));
        break;
      case SequenceMap::Place::duplicate:
        note("s");
        break;
      case SequenceMap::Place::dropped:
        note("d");
        break;
      case SequenceMap::Place::too_old:
        note("o");
        break;
      case SequenceMap::Place::jump:
        note("j");
        break;
    }
  }
  return outcome;
}

struct Case {
  const char* name;
  const char* steps;
  const char* outcome;
};

TEST(SequenceMap, Scenarios) {
  const Case cases[] = {
      {"what comes goes", "=1 +2 +3", "1 2 3"},
      {"a loss leaves a gap", "=1 +2 +5", "1 2 5"},
      {"a dropped one leaves none", "=1 -2 -3 +4", "1 - - 2"},
      {"what comes late has its place", "=1 +2 +5 +3 +4", "1 2 5 3 4"},
      {"its place counts what was dropped since", "=1 +3 -4 -5 +6 +2", "1 3 - - 4 2"},
      {"its place counts what was dropped before", "=1 -2 +5 +4 +3", "1 - 4 3 2"},
      {"between dropped ones", "=1 -2 -4 +5 +3", "1 - - 3 2"},
      {"dropped when it comes late: the gap stays", "=1 +3 -2 +4", "1 3 - 4"},
      {"and may still be filled", "=1 +3 -2 +2", "1 3 - 2"},
      {"twice is once", "=1 +2 +2 +1", "1 2 s s"},
      {"twice, filled late", "=1 +3 +2 +2", "1 3 2 s"},
      {"dropped stays dropped", "=1 -2 +3 +2", "1 - 2 d"},
      {"nobody misses all", "=1 -2 +6! +7", "1 - 2 3"},
      {"what nobody misses is dropped", "=1 -2 +6! +4", "1 - 2 d"},
      {"nobody misses the first", "=1 -2 +6< +3 +4", "1 - 4 d 2"},
      {"nobody misses the last", "=1 -6> +7 +5 +4", "1 - 5 d 4"},
      {"first and last are one", "=1 -3< +4 +2", "1 - 2 d"},
      {"what lies before the entry is too old", "=10 +9 +11", "1 o 2"},
      {"entered anew elsewhere", "=10 +11 +12 =500 +501 +499 +12", "1 2 3 4 5 o o"},
      {"entered anew lower", "=500 +501 =10 +11 +9", "1 2 3 4 o"},
      {"entered anew in the same place", "=10 +11 =15 +14 +16", "1 2 3 o 4"},
      {"entered anew over a gap at the end", "=10 +13 =100 +101", "1 4 5 6"},
      {"a gap that nobody knows of is closed", "=1 -3 =100 +101", "1 - 2 3"},
      {"several of them", "=1 -3 -5 -7! =100 +101", "1 - - - 2 3"},
      {"but not what was filled of it", "=1 -6 +3 =100", "1 - 3 4"},
      {"filled from behind", "=1 -6 +4 +2 =100", "1 - 4 2 5"},
      {"a gap as wide as the window", "=1 +512 +2", "1 512 2"},
      {"a wider one is a jump", "=1 +513", "1 j"},
      {"too old for the window", "=1 +512 +513 +2 +1", "1 512 513 2 o"},
      {"a gap that no late packet can close grows no further", "=1 -512 -1023 +1024 +1022 +513 +511", "1 - - 513 512 3 o"},
      {"nor while packets are lost and dropped for long", "=1 -500 -999 -1498 -1997 -2496 +2497 +2500",
       "1 - - - - - 513 516"},
      {"dropped in all words of the window", "=1 -32 -33 -64 -96 +97 +2 +34 +65", "1 - - - - 93 2 32 62"},
  };
  for (const Case& c : cases) EXPECT_EQ(run(c.steps), c.outcome) << c.name;
}

TEST(SequenceMap, NumbersMayCrossAnyBoundary) {
  for (const std::uint64_t base : {0ULL, 65'530ULL, 0xffff'fffcULL, 0xffff'ffff'ffff'0000ULL}) {
    EXPECT_EQ(run("=1 -2 +4 +6 +3 +5 +9", base), "1 - 3 5 2 4 8") << base;
  }
}

TEST(SequenceMap, StaleNumbersInARowAreASourceThatBeganAnew) {
  std::string steps = "=10000", outcome = "1";
  for (int i = 0; i < 15; ++i) {
    steps += " +" + std::to_string(5000 + i);
    outcome += " o";
  }
  EXPECT_EQ(run(steps + " +5015"), outcome + " j");
  EXPECT_EQ(run(steps + " +5016 +5015"), outcome + " o o") << "not in a row";
  EXPECT_EQ(run(steps + " +10001 +5015"), outcome + " 2 o") << "the old source goes on";
}

TEST(SequenceMap, PlacesAreFreedAsTheWindowMoves) {
  SequenceMap map;
  SequenceHistory history;
  map.start(1);
  map.enter(1, history);
  std::uint64_t expected = 1;
  for (std::uint64_t sequence = 2; sequence < 5000; ++sequence) {
    ASSERT_EQ(map.place(sequence, history), SequenceMap::Place::newest);
    if (sequence % 3 == 0) {
      map.drop(sequence, {}, history);
    } else {
      ASSERT_EQ(map.forward(sequence, {}, history), ++expected);
    }
    if (sequence > 600 && sequence % 7 == 0) {
      const std::uint64_t back = sequence - sequence % 512 % 500;
      ASSERT_EQ(map.place(back, history), back % 3 == 0 ? SequenceMap::Place::dropped : SequenceMap::Place::duplicate);
    }
  }
}

}  // namespace
}  // namespace penstock::sfu
