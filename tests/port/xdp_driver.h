#pragma once
// What DPDK's net_af_xdp does with an XDP program: opens it by path, loads it, attaches it by netlink, puts a socket
// into its map. In a network namespace of the test's own, on its loopback interface.

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/port/xdp/descriptor.h"
#include "dataplane/port/xdp/program_file.h"

namespace penstock::port {

/// Enters a network namespace of its own. Returns why these tests cannot run here, or nothing.
inline std::string why_no_xdp() {
  static const std::string reason = []() -> std::string {
    if (unshare(CLONE_NEWNET) != 0) {
      return std::string("needs a network namespace of its own (run as root): ") + std::strerror(errno);
    }
    const auto possible = try_steer_object();
    return possible ? "" : possible.error();
  }();
  return reason;
}

inline unsigned loopback() {
  return if_nametoindex("lo");
}

class XdpDriver {
 public:
  /// Loads the program; attaches it unless `interface` is 0. program() is negative when that fails.
  explicit XdpDriver(const std::string& path, unsigned interface) : object_(nullptr, bpf_object__close) {
    object_.reset(bpf_object__open_file(path.c_str(), nullptr));
    if (object_ == nullptr || bpf_object__load(object_.get()) != 0) return;
    bpf_program* const program = bpf_object__next_program(object_.get(), nullptr);
    if (interface != 0) {
      const int attached =
          bpf_xdp_attach(static_cast<int>(interface), bpf_program__fd(program), XDP_FLAGS_UPDATE_IF_NOEXIST, nullptr);
      if (attached != 0) return;
    }
    program_ = bpf_program__fd(program);
  }

  int program() const { return program_; }
  int map(const char* name) const { return bpf_object__find_map_fd_by_name(object_.get(), name); }

  /// Serves queue 0 from here on.
  bool serve() {
    socket_ = Descriptor(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
    const std::uint32_t queue = 0;
    const int fd = socket_.get();
    return bpf_map_update_elem(map("xsks_map"), &queue, &fd, BPF_ANY) == 0;
  }

  /// What the program decides about a frame: XDP_PASS, XDP_REDIRECT; negative when the kernel would not run it.
  int run(std::string_view frame) const {
    bpf_test_run_opts options{};
    options.sz = sizeof options;
    options.data_in = frame.data();
    options.data_size_in = static_cast<std::uint32_t>(frame.size());
    options.repeat = 1;
    return bpf_prog_test_run_opts(program_, &options) == 0 ? static_cast<int>(options.retval) : -1;
  }

 private:
  std::unique_ptr<bpf_object, void (*)(bpf_object*)> object_;
  Descriptor socket_;
  int program_ = -1;
};

/// The id of what `interface` runs, 0 for nothing.
inline std::uint32_t running(unsigned interface) {
  std::uint32_t id = 0;
  bpf_xdp_query_id(static_cast<int>(interface), 0, &id);
  return id;
}

}  // namespace penstock::port
