#pragma once
// Structured log lines of the control thread: a kind, a sentence, fields. Workers never log; they count.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "control/config/config.h"
#include "control/log/line_limiter.h"

namespace spdlog {
class logger;
}

namespace penstock::control {

/// One key=value of a line.
struct Field {
  std::string_view key;
  std::variant<std::int64_t, std::uint64_t, double, bool, std::string> value;

  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, std::signed_integral auto v) : key(k), value(static_cast<std::int64_t>(v)) {}
  Field(std::string_view k, std::unsigned_integral auto v) : key(k), value(static_cast<std::uint64_t>(v)) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  Field(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
};

/// `kind` names what happened ("reload_failed") and is what the rate limit counts by.
/// Text:  2026-01-02T03:04:05.678Z info reload_failed "kept the old configuration" where=penstock.toml:12
/// JSON:  {"time":"...","level":"info","event":"reload_failed","message":"...","where":"penstock.toml:12"}
/// Whatever the fields hold, a line stays one line.
class Log {
 public:
  using Fields = std::initializer_list<Field>;
  using Clock = std::function<LineLimiter::Time()>;

  /// To standard error, or to `out` when given, which has to outlive the log. `clock` is for the rate limit.
  explicit Log(const LogSection& options, std::ostream* out = nullptr, Clock clock = std::chrono::steady_clock::now);
  ~Log();

  void debug(std::string_view kind, std::string_view message, Fields fields = {});
  void info(std::string_view kind, std::string_view message, Fields fields = {});
  void warning(std::string_view kind, std::string_view message, Fields fields = {});
  void error(std::string_view kind, std::string_view message, Fields fields = {});

  /// A line without a limit, for records that must not be lost. `json` is a finished JSON object.
  void record(std::string_view kind, const std::string& json);

  /// Level and rate limit from now on; the format stays.
  void apply(const LogSection& options);
  /// Says what was left out, of kinds that have gone quiet. Call once in a while.
  void tick();

 private:
  void write(LogLevel level, std::string_view kind, std::string_view message, std::span<const Field> fields);
  void emit(LogLevel level, std::string_view kind, std::string_view message, std::span<const Field> fields,
            std::uint64_t suppressed);

  LogFormat format_;
  LogLevel level_;
  Clock clock_;
  LineLimiter limiter_;
  std::unique_ptr<spdlog::logger> sink_;
};

}  // namespace penstock::control
