#include "control/log/record_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/control/temporary_directory.h"

namespace penstock::control {
namespace {

using testing::HasSubstr;

turn::EndedRecord example() {
  turn::EndedRecord record;
  record.id = 7;
  record.duration_ms = 61000;
  record.client = *net::parse_endpoint("192.0.2.1:4000", 0);
  record.server = *net::parse_endpoint("192.0.2.9:3478", 0);
  record.relayed[0] = *net::parse_endpoint("203.0.113.9:10001", 0);
  record.to_peer = {10, 1000};
  record.to_client = {20, 3000};
  record.reason = turn::EndReason::refresh_zero;
  record.worker = 1;
  const std::string_view user = "al\"ice\n\xff";
  std::memcpy(record.user.data(), user.data(), user.size());
  record.user_size = static_cast<std::uint16_t>(user.size());
  return record;
}

TEST(AllocationRecord, HoldsWhatBillingNeeds) {
  const auto json = nlohmann::json::parse(to_json(example(), 1767322800));
  EXPECT_EQ(json["allocation"], 7);
  EXPECT_EQ(json["ended_at"], 1767322800);
  EXPECT_EQ(json["user"], "al\"ice\n\xef\xbf\xbd");
  EXPECT_EQ(json["client"], "192.0.2.1:4000");
  EXPECT_EQ(json["relayed"], nlohmann::json::array({"203.0.113.9:10001"}));
  EXPECT_EQ(json["to_peer"]["packets"], 10);
  EXPECT_EQ(json["to_client"]["bytes"], 3000);
  EXPECT_EQ(json["duration_ms"], 61000);
  EXPECT_EQ(json["reason"], "refresh_zero");
  EXPECT_EQ(json["worker"], 1);
}

TEST(RecordFile, AppendsLinesAndIsPrivate) {
  const TemporaryDirectory files;
  std::ostringstream out;
  Log log(LogSection{}, &out);
  auto file = RecordFile::open(files.write("records", "old\n"), log);
  ASSERT_TRUE(file);
  file->write(example(), 1);
  file->write(example(), 2);
  file->flush();
  EXPECT_EQ(std::ranges::count(files.read("records"), '\n'), 3);
  auto fresh = RecordFile::open(files.path("fresh"), log);
  ASSERT_TRUE(fresh);
  struct stat facts{};
  ASSERT_EQ(stat(files.path("fresh").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07, 0U);
}

TEST(RecordFile, ReopensForLogrotate) {
  const TemporaryDirectory files;
  std::ostringstream out;
  Log log(LogSection{}, &out);
  auto file = RecordFile::open(files.path("records"), log);
  file->write(example(), 1);
  std::rename(files.path("records").c_str(), files.path("records.1").c_str());
  ASSERT_TRUE(file->reopen());
  file->write(example(), 2);
  file->flush();
  EXPECT_THAT(files.read("records.1"), HasSubstr("\"ended_at\":1,"));
  EXPECT_THAT(files.read("records"), HasSubstr("\"ended_at\":2,"));
}

TEST(RecordFile, CanGoToTheLogOrNowhere) {
  std::ostringstream out;
  LogSection json;
  json.format = LogFormat::json;
  Log log(json, &out);
  RecordFile::open("", log)->write(example(), 1);
  EXPECT_EQ(out.str(), "");
  RecordFile::open("-", log)->write(example(), 1);
  EXPECT_EQ(nlohmann::json::parse(out.str())["record"]["allocation"], 7);
}

TEST(RecordFile, APathThatCannotBeWrittenIsAnErrorWithTheKey) {
  std::ostringstream out;
  Log log(LogSection{}, &out);
  const auto file = RecordFile::open("/nonexistent/records", log);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error(), HasSubstr("log.allocations_file"));
}

TEST(RecordFile, AFullDiskIsToldInTheLog) {
  std::ostringstream out;
  Log log(LogSection{}, &out);
  auto file = RecordFile::open("/dev/full", log);
  ASSERT_TRUE(file);
  file->write(example(), 1);
  EXPECT_FALSE(file->flush());
  EXPECT_THAT(out.str(), HasSubstr("No space left"));
  EXPECT_FALSE(file->flush()) << "it is kept and tried again";
}

TEST(RecordFile, KeepsABoundedAmountWhileTheDiskIsFull) {
  std::ostringstream out;
  Log log(LogSection{}, &out);
  auto file = RecordFile::open("/dev/full", log);
  for (int i = 0; i < 20'000; ++i) file->write(example(), i);
  EXPECT_GT(file->failed(), 0U);
  EXPECT_GT(file->written(), 5'000U);
  EXPECT_EQ(file->written() + file->failed(), 20'000U);
  EXPECT_THAT(out.str(), HasSubstr("record_lost"));
}

}  // namespace
}  // namespace penstock::control
