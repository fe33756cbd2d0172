#pragma once
// One JSON line per ended allocation, for billing: to a file of their own, to the log, or nowhere.

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "control/log/log.h"
#include "turn/records.h"

namespace penstock::control {

/// {"allocation":7,"ended_at":1767322800,"user":"alice","client":"192.0.2.1:4000","server":...,"relayed":[...],
///  "duration_ms":...,"to_peer":{"packets":...,"bytes":...},"to_client":{...},"reason":"expired","worker":0}
/// Bytes are UDP payload without TURN framing. `ended_at` is Unix time, seconds.
std::string to_json(const turn::EndedRecord& record, std::int64_t ended_at);

class RecordFile {
 public:
  /// `path`: a file to append to; "-": the log; empty: nowhere. `log` has to outlive this.
  static tl::expected<RecordFile, std::string> open(std::string path, Log& log);

  /// A line that cannot be written is counted and said in the log.
  void write(const turn::EndedRecord& record, std::int64_t ended_at);
  /// Writes out what is buffered; call after a batch.
  void flush();
  /// Opens the path anew, for logrotate. On error the old file stays in use.
  tl::expected<void, std::string> reopen();

  std::uint64_t written() const { return written_; }
  std::uint64_t failed() const { return failed_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;
  RecordFile(std::string path, File file, Log& log) : path_(std::move(path)), file_(std::move(file)), log_(&log) {}
  static tl::expected<File, std::string> open_file(const std::string& path);

  std::string path_;
  File file_;
  Log* log_;
  std::uint64_t written_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace penstock::control
