#include "control/log/log.h"

#include <fmt/chrono.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "control/log/line.h"

namespace penstock::control {
namespace {

std::string utc_now() {
  const auto now = std::chrono::system_clock::now();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     milliseconds);
}

std::unique_ptr<spdlog::logger> make_sink(std::ostream* out) {
  spdlog::sink_ptr sink;
  if (out != nullptr) {
    sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(*out);
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  auto logger = std::make_unique<spdlog::logger>("penstock", std::move(sink));
  logger->set_pattern("%v");  // lines are made here, levels sorted out here
  logger->flush_on(spdlog::level::trace);
  return logger;
}

}  // namespace

Log::Log(const LogSection& options, std::ostream* out, Clock clock)
    : format_(options.format),
      level_(options.level),
      clock_(std::move(clock)),
      limiter_(options.lines_per_minute),
      sink_(make_sink(out)) {}

Log::~Log() = default;

void Log::debug(std::string_view kind, std::string_view message, Fields fields) {
  write(LogLevel::debug, kind, message, {fields.begin(), fields.size()});
}
void Log::info(std::string_view kind, std::string_view message, Fields fields) {
  write(LogLevel::info, kind, message, {fields.begin(), fields.size()});
}
void Log::warning(std::string_view kind, std::string_view message, Fields fields) {
  write(LogLevel::warning, kind, message, {fields.begin(), fields.size()});
}
void Log::error(std::string_view kind, std::string_view message, Fields fields) {
  write(LogLevel::error, kind, message, {fields.begin(), fields.size()});
}

void Log::record(std::string_view kind, const std::string& json) {
  if (format_ == LogFormat::json) {
    sink_->info(fmt::runtime("{{\"time\":\"{}\",\"level\":\"info\",\"event\":{},\"record\":{}}}"), utc_now(),
                json_string(kind), json);
  } else {
    sink_->info(fmt::runtime("{} info {} {}"), utc_now(), kind, json);
  }
}

void Log::apply(const LogSection& options) {
  level_ = options.level;
  limiter_.set_limit(options.lines_per_minute);
}

void Log::tick() {
  for (const auto& [kind, count] : limiter_.take_suppressed(clock_())) {
    emit(LogLevel::warning, kind, "lines of this kind were left out", {}, count);
  }
}

void Log::write(LogLevel level, std::string_view kind, std::string_view message, std::span<const Field> fields) {
  if (level < level_) return;
  if (const auto suppressed = limiter_.admit(kind, clock_())) emit(level, kind, message, fields, *suppressed);
}

void Log::emit(LogLevel level, std::string_view kind, std::string_view message, std::span<const Field> fields,
               std::uint64_t suppressed) {
  const std::string time = utc_now();
  const Line line{time, level, kind, message, fields, suppressed};
  sink_->info(format_ == LogFormat::json ? as_json(line) : as_text(line));
}

}  // namespace penstock::control
