#pragma once
// File descriptors: one of our own, and those that this process has open already.

#include <unistd.h>

#include <functional>
#include <string_view>
#include <utility>

namespace penstock::port {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  /// Another descriptor of the same file; false when there is none to be had (errno says why).
  static Descriptor duplicate(int fd);

 private:
  int fd_ = -1;
};

/// Calls `visit` with every open descriptor of this process and what it is, as /proc/self/fd tells
/// ("anon_inode:bpf-map"). Ends early when `visit` returns true.
void visit_own_descriptors(const std::function<bool(int fd, std::string_view kind)>& visit);

}  // namespace penstock::port
