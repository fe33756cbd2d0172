#pragma once
// An rtnetlink socket: requests with their answers, or notices of what changed.

#include <libmnl/libmnl.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/port/kernel/netlink_request.h"

namespace penstock::port {

/// Used by one thread at a time. In the network namespace of whoever created it.
class NetlinkSocket {
 public:
  using OnMessage = std::function<void(const nlmsghdr&)>;

  /// For requests.
  static tl::expected<NetlinkSocket, std::string> create();
  /// For notices of these groups (RTNLGRP_*).
  static tl::expected<NetlinkSocket, std::string> subscribe(std::span<const unsigned> groups);

  int fd() const { return mnl_socket_get_fd(socket_.get()); }

  /// Sends a request and hands out its answers, if any. Waits up to two seconds for each. Returns 0 or an errno; a dump
  /// that the kernel could not take in one piece is repeated a few times by whoever reads all of it: it ends with
  /// EINTR.
  int ask(NetlinkRequest request, const OnMessage& on_answer = {});

  enum class Notices : std::uint8_t {
    none,  ///< no more for now
    some,
    lost,  ///< more came than the socket held: read everything anew
  };
  /// Without waiting: hands out one buffer of notices.
  Notices take_notices(const OnMessage& on_notice);

 private:
  struct Close {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
  };
  explicit NetlinkSocket(mnl_socket* socket);

  std::unique_ptr<mnl_socket, Close> socket_;
  std::vector<std::uint8_t> buffer_;
  std::uint32_t sequence_ = 0;
};

}  // namespace penstock::port
