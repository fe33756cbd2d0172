#include "control/log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace penstock::control {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

LogSection options(LogFormat format, std::uint32_t lines_per_minute = 60) {
  LogSection section;
  section.format = format;
  section.lines_per_minute = lines_per_minute;
  return section;
}

TEST(Log, TextIsOneLineOfFields) {
  std::ostringstream out;
  Log log(options(LogFormat::text), &out);
  log.info("listening", "ready for clients", {{"address", "192.0.2.1:3478"}, {"workers", 2}, {"ok", true}});
  EXPECT_THAT(out.str(), MatchesRegex("20[0-9-]+T[0-9:]+\\.[0-9][0-9][0-9]Z info listening \"ready for clients\" "
                                      "address=192\\.0\\.2\\.1:3478 workers=2 ok=true\n"));
}

TEST(Log, JsonIsOneObjectPerLine) {
  std::ostringstream out;
  Log log(options(LogFormat::json), &out);
  log.error("kind", "a \"quoted\"\nmessage", {{"number", std::uint64_t{1} << 63}, {"text", "\xff\x01"}, {"half", 0.5}});
  const auto line = nlohmann::json::parse(out.str());
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["event"], "kind");
  EXPECT_EQ(line["message"], "a \"quoted\"\nmessage");
  EXPECT_EQ(line["number"], std::uint64_t{1} << 63);
  EXPECT_EQ(line["half"], 0.5);
  EXPECT_EQ(std::ranges::count(out.str(), '\n'), 1);
}

TEST(Log, HostileTextStaysOnItsLine) {
  std::ostringstream out;
  Log log(options(LogFormat::text), &out);
  log.info("kind", "message", {{"user", "x\n2026-01-01T00:00:00Z info forged \"line\" {} %v"}});
  EXPECT_EQ(std::ranges::count(out.str(), '\n'), 1);
  EXPECT_THAT(out.str(), HasSubstr("{} %v"));
}

TEST(Log, LevelsBelowAreNotWritten) {
  std::ostringstream out;
  LogSection section = options(LogFormat::text);
  section.level = LogLevel::warning;
  Log log(section, &out);
  log.info("a", "quiet");
  EXPECT_EQ(out.str(), "");
  section.level = LogLevel::debug;
  log.apply(section);
  log.debug("a", "heard");
  EXPECT_THAT(out.str(), HasSubstr("debug a \"heard\""));
}

TEST(Log, AFloodIsCountedNotWritten) {
  std::ostringstream out;
  LineLimiter::Time now{1s};
  Log log(options(LogFormat::text, 3), &out, [&] { return now; });
  for (int i = 0; i < 100'000; ++i) log.warning("flood", "again", {{"i", i}});
  EXPECT_EQ(std::ranges::count(out.str(), '\n'), 3);
  now += 61s;
  log.warning("flood", "again");
  EXPECT_THAT(out.str(), EndsWith("suppressed=99997\n"));
}

TEST(Log, AFloodThatEndedIsToldByTheTick) {
  std::ostringstream out;
  LineLimiter::Time now{1s};
  Log log(options(LogFormat::text, 1), &out, [&] { return now; });
  log.info("flood", "again");
  log.info("flood", "again");
  now += 61s;
  log.tick();
  EXPECT_THAT(out.str(), EndsWith("warning flood \"lines of this kind were left out\" suppressed=1\n"));
}

}  // namespace
}  // namespace penstock::control
