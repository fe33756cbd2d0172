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
  return File(descriptor);
}

tl::expected<RecordFile, std::string> RecordFile::open(std::string path, Log& log) {
  auto file = open_file(path);
  if (!file) return tl::unexpected(file.error());
  return RecordFile(std::move(path), std::move(*file), log);
}

RecordFile::File::~File() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RecordFile::write(const turn::EndedRecord& record, std::int64_t ended_at) {
  if (path_.empty()) return;
  const std::string line = to_json(record, ended_at);
  if (file_.get() < 0) {
    log_->record("allocation_ended", line);
    ++written_;
  } else if (kept_.size() + line.size() < kMostKept) {
    kept_ += line + '\n';
    ++written_;
  } else {
    ++failed_;
    log_->error("record_lost", "allocation records have not been written for too long", {{"file", path_}});
  }
}

bool RecordFile::flush() {
  std::size_t done = 0;
  while (done < kept_.size()) {
    const ssize_t n = ::write(file_.get(), kept_.data() + done, kept_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      log_->error("records_wait", std::strerror(errno), {{"file", path_}, {"bytes", kept_.size() - done}});
      break;
    }
    done += static_cast<std::size_t>(n);
  }
  kept_.erase(0, done);
  return kept_.empty();
}

tl::expected<void, std::string> RecordFile::reopen() {
  flush();
  return open_file(path_).map([&](File file) { file_ = std::move(file); });
}

}  // namespace penstock::control
