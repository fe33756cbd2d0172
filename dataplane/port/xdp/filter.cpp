#include "dataplane/port/xdp/filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <numeric>
#include <vector>

#include "dataplane/port/xdp/program_info.h"

namespace penstock::port {
namespace {

constexpr std::size_t kPortsBytes = sizeof(penstock_xdp_ports) * PENSTOCK_XDP_ADDRESSES;

std::uint64_t read_counter(int map, std::uint32_t counter) {
  const int cpus = libbpf_num_possible_cpus();
  if (map < 0 || cpus <= 0) return 0;
  std::vector<std::uint64_t> per_cpu(static_cast<std::size_t>(cpus));
  if (bpf_map_lookup_elem(map, &counter, per_cpu.data()) != 0) return 0;
  return std::accumulate(per_cpu.begin(), per_cpu.end(), std::uint64_t{0});
}

}  // namespace

tl::expected<std::unique_ptr<XdpFilter>, std::string> XdpFilter::create() {
  if (auto possible = try_steer_object(); !possible) return tl::unexpected(possible.error());
  auto file = ProgramFile::create();
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<XdpFilter>(new XdpFilter(std::move(*file)));
}

XdpFilter::~XdpFilter() {
  if (ports_ != nullptr) munmap(ports_, kPortsBytes);
}

tl::expected<std::string, std::string> XdpFilter::prepare(unsigned interface) {
  auto claimed = Attachment::claim(interface);
  if (!claimed) return tl::unexpected(claimed.error());
  attachment_.emplace(std::move(*claimed));
  return attachment_->cleared();
}

tl::expected<void, std::string> XdpFilter::connect(unsigned interface) {
  const std::string name = interface_name(interface);
  if (!attachment_ || attachment_->interface() != interface) {
    return tl::unexpected(fmt::format("interface {} was not prepared for an XDP program", name));
  }
  const auto attached = attached_program(interface);
  if (!attached) {
    return tl::unexpected(
        fmt::format("cannot ask interface {} for its XDP program: {}", name, std::strerror(attached.error())));
  }
  Descriptor program = own_program(attached->id);
  const auto info = program_info(program.get());
  if (attached->id == 0 || !info || info->name != kSteerProgramName) {
    return tl::unexpected(
        fmt::format("interface {} runs {} instead of the one that its device was started with "
                    "(xdp_prog={}); see ip -d link show {}",
                    name, attached->id == 0 ? "no XDP program" : "another XDP program", program_path_, name));
  }
  addresses_map_ = own_map(info->map_ids, "addresses");
  counters_map_ = own_map(info->map_ids, "counters");
  const Descriptor ports = own_map(info->map_ids, "ports");
  if (!addresses_map_ || !counters_map_ || !ports) {
    return tl::unexpected(
        fmt::format("cannot find the maps of the XDP program of interface {} among this process's "
                    "descriptors: is /proc mounted?",
                    name));
  }
  if (auto mapped = map_ports(ports.get()); !mapped) return mapped;
  attachment_->adopt(std::move(program));
  generic_ = attached->generic;
  return {};
}

tl::expected<void, std::string> XdpFilter::map_ports(int map) {
  void* const memory = mmap(nullptr, kPortsBytes, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (memory == MAP_FAILED) {
    return tl::unexpected(fmt::format("cannot map the port bitmap of the XDP program: {}", std::strerror(errno)));
  }
  ports_ = static_cast<penstock_xdp_ports*>(memory);
  return {};
}

tl::expected<std::uint8_t, std::string> XdpFilter::add_address(const net::Address& address) {
  if (const auto known = addresses_.find(address); known != addresses_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(addresses_.size());
  if (index >= PENSTOCK_XDP_ADDRESSES) {
    return tl::unexpected(fmt::format("no room for {}: an interface shared with the kernel serves {} addresses at most",
                                      net::to_string(address), PENSTOCK_XDP_ADDRESSES));
  }
  if (bpf_map_update_elem(addresses_map_.get(), address.bytes.data(), &index, BPF_ANY) != 0) {
    return tl::unexpected(
        fmt::format("cannot tell the XDP program about {}: {}", net::to_string(address), std::strerror(errno)));
  }
  addresses_.emplace(address, static_cast<std::uint8_t>(index));
  return static_cast<std::uint8_t>(index);
}

XdpCounters XdpFilter::counters() const {
  const int map = counters_map_.get();
  return {.taken = read_counter(map, PENSTOCK_XDP_TAKEN),
          .taken_fragments = read_counter(map, PENSTOCK_XDP_FRAGMENTS_TAKEN),
          .taken_errors = read_counter(map, PENSTOCK_XDP_ERRORS_TAKEN),
          .unserved = read_counter(map, PENSTOCK_XDP_UNSERVED),
          .passed = read_counter(map, PENSTOCK_XDP_PASSED)};
}

}  // namespace penstock::port
