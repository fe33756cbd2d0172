#include "dataplane/port/xdp/program_file.h"

#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

// PENSTOCK_STEER_OBJECT is the path of the object that the build made.
asm(".pushsection .rodata.penstock_steer, \"a\"\n"
    ".balign 8\n"
    ".globl penstock_steer_begin, penstock_steer_end\n"
    ".hidden penstock_steer_begin, penstock_steer_end\n"
    "penstock_steer_begin:\n"
    ".incbin \"" PENSTOCK_STEER_OBJECT
    "\"\n"
    "penstock_steer_end:\n"
    ".popsection\n");

extern "C" const std::uint8_t penstock_steer_begin[];
extern "C" const std::uint8_t penstock_steer_end[];

namespace penstock::port {
namespace {

struct Capability {
  unsigned number;
  const char* name;
};

bool has_capability(unsigned number) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  if (syscall(SYS_capget, &header, data.data()) != 0) return false;
  return (data[CAP_TO_INDEX(number)].effective & CAP_TO_MASK(number)) != 0;
}

// Names what this process lacks for a program, its attachment and a socket.
std::string missing_capabilities() {
  std::string names;
  for (const Capability needed : {Capability{CAP_NET_ADMIN, "CAP_NET_ADMIN"}, Capability{CAP_NET_RAW, "CAP_NET_RAW"},
                                  Capability{CAP_BPF, "CAP_BPF"}}) {
    if (has_capability(needed.number) || (needed.number == CAP_BPF && has_capability(CAP_SYS_ADMIN))) continue;
    if (!names.empty()) names += " and ";
    names += needed.name;
  }
  return names;
}

std::string why_no_program(int error) {
  if (error == EPERM) {
    return "the kernel does not let this process load an XDP program although it has the capabilities; they must be "
           "those of the host (not of a user namespace), and bpf() allowed in the container's seccomp profile";
  }
  if (error == ENOMEM) return "no memory for the XDP program and its maps (3 MB): raise the memory limit (MemoryMax=)";
  if (error == ENOSYS) return "this kernel has no BPF (CONFIG_BPF_SYSCALL); net_af_xdp needs it";
  return fmt::format("this kernel refuses Penstock's XDP program ({}); net_af_xdp needs Linux 5.18 or newer",
                     std::strerror(error));
}

tl::expected<void, std::string> try_socket() {
  const Descriptor socket(::socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (socket) return {};
  if (errno == EAFNOSUPPORT)
    return tl::unexpected(std::string("this kernel has no AF_XDP sockets (CONFIG_XDP_SOCKETS)"));
  return tl::unexpected(
      fmt::format("cannot open an AF_XDP socket: {}; in a unit, RestrictAddressFamilies= must list "
                  "AF_XDP",
                  std::strerror(errno)));
}

}  // namespace

std::span<const std::uint8_t> steer_object() {
  return {penstock_steer_begin, penstock_steer_end};
}

tl::expected<void, std::string> try_steer_object() {
  if (const std::string missing = missing_capabilities(); !missing.empty()) {
    return tl::unexpected(
        fmt::format("net_af_xdp needs {}, which this process does not have: run it as root, or list them in "
                    "AmbientCapabilities= and CapabilityBoundingSet= of the unit",
                    missing));
  }
  if (auto socket = try_socket(); !socket) return socket;
  const auto code = steer_object();
  const std::unique_ptr<bpf_object, void (*)(bpf_object*)> object(
      bpf_object__open_mem(code.data(), code.size(), nullptr), bpf_object__close);
  if (object == nullptr) return tl::unexpected(why_no_program(errno));
  if (const int error = bpf_object__load(object.get()); error != 0) return tl::unexpected(why_no_program(-error));
  return {};
}

tl::expected<ProgramFile, std::string> ProgramFile::create() {
  Descriptor file(memfd_create("penstock_steer", MFD_CLOEXEC));
  const auto code = steer_object();
  if (!file || write(file.get(), code.data(), code.size()) != static_cast<ssize_t>(code.size())) {
    return tl::unexpected(fmt::format("cannot keep the XDP program in memory (memfd): {}", std::strerror(errno)));
  }
  return ProgramFile(std::move(file));
}

std::string ProgramFile::path() const {
  return fmt::format("/proc/self/fd/{}", file_.get());
}

}  // namespace penstock::port
