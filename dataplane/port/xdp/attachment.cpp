#include "dataplane/port/xdp/attachment.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "dataplane/port/xdp/program_info.h"

namespace penstock::port {
namespace {

using Result = tl::expected<void, std::string>;

bool exists(unsigned interface) {
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(interface, name.data()) != nullptr;
}

tl::expected<Descriptor, std::string> claim_name(unsigned interface) {
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  // A leading zero byte makes it abstract (unix(7)).
  const std::string text = fmt::format("penstock-xdp-{}", interface);
  std::memcpy(name.sun_path + 1, text.data(), text.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  if (socket && bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), size) == 0) return socket;
  if (errno == EADDRINUSE) {
    return tl::unexpected(fmt::format(
        "another Penstock already serves interface {} (socket @{}, see ss -xlp): stop it, or give this one another "
        "interface",
        interface_name(interface), text));
  }
  return tl::unexpected(
      fmt::format("cannot claim interface {} (socket @{}): {}", interface_name(interface), text, std::strerror(errno)));
}

// Detaches `program` and no other (bpf_xdp_attach with XDP_FLAGS_REPLACE). Returns 0 or an errno.
int detach(unsigned interface, int program) {
  bpf_xdp_attach_opts options{};
  options.sz = sizeof options;
  options.old_prog_fd = program;
  const auto attached = attached_program(interface);
  if (!attached) return attached.error();
  return -bpf_xdp_detach(static_cast<int>(interface), attached->generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE,
                         &options);
}

// Takes away program `id`, if it is ours and still the one that is attached; says who is in the way otherwise.
Result remove_stale(unsigned interface, AttachedProgram attached) {
  const std::string name = interface_name(interface);
  const Descriptor program(bpf_prog_get_fd_by_id(attached.id));
  if (!program) {
    if (errno == ENOENT) return {};  // gone in the meantime
    return tl::unexpected(fmt::format(
        "interface {} runs XDP program {}, and this process may not look whose it is (CAP_SYS_ADMIN): see ip -d link "
        "show {}; if it is penstock_steer, left by a Penstock that was killed, take it away: ip link set dev {} {} off",
        name, attached.id, name, name, attached.generic ? "xdpgeneric" : "xdp"));
  }
  const auto info = program_info(program.get());
  if (!info || info->name != kSteerProgramName) {
    return tl::unexpected(fmt::format(
        "interface {} already runs the XDP program '{}' (id {}), and there can be one only: remove it with what put it "
        "there, or give Penstock another interface",
        name, info ? info->name : "?", attached.id));
  }
  if (const int error = detach(interface, program.get()); error != 0) {
    return tl::unexpected(fmt::format("cannot take the XDP program of a killed Penstock off interface {}: {}", name,
                                      std::strerror(error)));
  }
  return {};
}

}  // namespace

tl::expected<Attachment, std::string> Attachment::claim(unsigned interface) {
  const std::string name = interface_name(interface);
  if (!exists(interface)) return tl::unexpected(fmt::format("there is no interface {} (ip link)", name));
  auto claim = claim_name(interface);
  if (!claim) return tl::unexpected(claim.error());
  const auto attached = attached_program(interface);
  if (!attached) {
    return tl::unexpected(
        fmt::format("cannot ask interface {} for its XDP program: {}", name, std::strerror(attached.error())));
  }
  Attachment result(interface, std::move(*claim));
  if (attached->id == 0) return result;
  if (auto removed = remove_stale(interface, *attached); !removed) return tl::unexpected(removed.error());
  result.cleared_ =
      fmt::format("took the XDP program (id {}) of a Penstock that was killed off interface {}", attached->id, name);
  return result;
}

Attachment::~Attachment() {
  if (program_) detach(interface_, program_.get());
}

tl::expected<AttachedProgram, int> attached_program(unsigned interface) {
  bpf_xdp_query_opts query{};
  query.sz = sizeof query;
  if (const int error = bpf_xdp_query(static_cast<int>(interface), 0, &query); error != 0)
    return tl::unexpected(-error);
  if (query.drv_prog_id != 0) return AttachedProgram{query.drv_prog_id, false};
  if (query.hw_prog_id != 0) return AttachedProgram{query.hw_prog_id, false};
  return AttachedProgram{query.skb_prog_id, query.skb_prog_id != 0};
}

std::string interface_name(unsigned interface) {
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(interface, name.data()) != nullptr ? name.data() : fmt::format("#{}", interface);
}

}  // namespace penstock::port
