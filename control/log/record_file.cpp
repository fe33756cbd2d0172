#include "control/log/record_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "control/log/line.h"

namespace penstock::control {
namespace {

std::string traffic(const turn::Traffic& t) {
  return fmt::format(R"({{"packets":{},"bytes":{}}})", t.packets, t.bytes);
}

std::string relayed(const turn::EndedRecord& record) {
  std::string out;
  for (const net::Endpoint& e : record.relayed) {
    if (e.port != 0) out += (out.empty() ? "" : ",") + json_string(net::to_string(e));
  }
  return "[" + out + "]";
}

}  // namespace

std::string to_json(const turn::EndedRecord& r, std::int64_t ended_at) {
  return fmt::format(
      R"({{"allocation":{},"ended_at":{},"user":{},"client":"{}","server":"{}","relayed":{},"duration_ms":{},)"
      R"("to_peer":{},"to_client":{},"reason":"{}","worker":{}}})",
      r.id, ended_at, json_string(r.user_name()), net::to_string(r.client), net::to_string(r.server), relayed(r),
      r.duration_ms, traffic(r.to_peer), traffic(r.to_client),
      turn::kEndReasonNames[static_cast<std::size_t>(r.reason)], r.worker);
}

tl::expected<RecordFile::File, std::string> RecordFile::open_file(const std::string& path) {
  if (path.empty() || path == "-") return File();
  // User names and addresses are personal data: readable by owner and group only.
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) {
    return tl::unexpected(fmt::format("cannot write allocation records to '{}': {}; see log.allocations_file", path,
                                      std::strerror(errno)));
  }
  return File(::fdopen(descriptor, "a"));
}

tl::expected<RecordFile, std::string> RecordFile::open(std::string path, Log& log) {
  auto file = open_file(path);
  if (!file) return tl::unexpected(file.error());
  return RecordFile(std::move(path), std::move(*file), log);
}

void RecordFile::write(const turn::EndedRecord& record, std::int64_t ended_at) {
  if (path_.empty()) return;
  const std::string line = to_json(record, ended_at);
  if (!file_) {
    log_->record("allocation_ended", line);
  } else if (std::fprintf(file_.get(), "%s\n", line.c_str()) < 0) {
    ++failed_;
    log_->error("record_lost", std::strerror(errno), {{"file", path_}, {"record", line}});
    return;
  }
  ++written_;
}

void RecordFile::flush() {
  if (file_ && std::fflush(file_.get()) != 0) {
    log_->error("record_flush_failed", std::strerror(errno), {{"file", path_}});
    std::clearerr(file_.get());
  }
}

tl::expected<void, std::string> RecordFile::reopen() {
  flush();
  return open_file(path_).map([&](File file) { file_ = std::move(file); });
}

}  // namespace penstock::control
