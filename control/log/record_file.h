#pragma once
// One JSON line per ended allocation, for billing: to a file of their own, to the log, or nowhere.

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

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

  /// Keeps the line until the next flush.
  void write(const turn::EndedRecord& record, std::int64_t ended_at);
  /// Writes out what is kept. What does not go (the disk is full) is tried again by the next call, up to kMostKept
  /// bytes; what is lost beyond is counted and said in the log. Returns whether everything is out.
  bool flush();
  /// Opens the path anew, for logrotate. On error the old file stays in use.
  tl::expected<void, std::string> reopen();

  std::uint64_t written() const { return written_; }
  std::uint64_t failed() const { return failed_; }

 private:
  static constexpr std::size_t kMostKept = 4U << 20;

  /// A descriptor; -1 when there is no file.
  class File {
   public:
    explicit File(int descriptor = -1) : descriptor_(descriptor) {}
    File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    File& operator=(File&& other) noexcept {
      std::swap(descriptor_, other.descriptor_);
      return *this;
    }
    ~File();
    int get() const { return descriptor_; }

   private:
    int descriptor_;
  };

  RecordFile(std::string path, File file, Log& log) : path_(std::move(path)), file_(std::move(file)), log_(&log) {}
  static tl::expected<File, std::string> open_file(const std::string& path);

  std::string path_;
  File file_;
  Log* log_;
  std::string kept_;  ///< whole lines that are not yet in the file, but perhaps for the first one's beginning
  std::uint64_t written_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace penstock::control
