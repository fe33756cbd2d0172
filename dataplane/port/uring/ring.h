#pragma once
// An io_uring instance, set up as well as the running kernel can.

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

namespace penstock::port {

/// What the running kernel's io_uring offers beyond what we require (Linux 6.0).
struct RingFeatures {
  bool deferred = false;      ///< completions are made only when we ask for them (6.1)
  bool send_address = false;  ///< IORING_OP_SEND takes a destination (6.2; recognised from 6.7 on)
};

/// Owns one io_uring. Created disabled, so that the thread that enables it, and not the one that made it, is its one
/// submitter.
class Ring {
 public:
  /// A ring for multishot receives: completions are taken with enter(), never by interrupting the worker.
  static tl::expected<Ring, std::string> create_for_receive(unsigned submissions, unsigned completions);
  /// A ring for sends that complete while they are submitted.
  static tl::expected<Ring, std::string> create_for_send(unsigned submissions);

  /// Makes the calling thread its submitter. To be called once, before anything is submitted.
  void enable();

  io_uring* get() const { return ring_.get(); }
  const RingFeatures& features() const { return features_; }

  /// An empty submission; submits what is there when the queue is full. nullptr when the kernel takes none.
  io_uring_sqe* submission();
  /// Hands submissions to the kernel and lets it post completions that it deferred.
  void enter();
  /// The kernel has something for us that only enter() brings.
  bool needs_enter() const;

 private:
  struct Exit {
    void operator()(io_uring* ring) const;
  };
  Ring() = default;
  std::unique_ptr<io_uring, Exit> ring_;
  RingFeatures features_;

  static tl::expected<Ring, std::string> create(unsigned submissions, unsigned completions, bool deferred);
};

}  // namespace penstock::port
