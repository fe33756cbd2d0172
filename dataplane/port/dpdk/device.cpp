#include "dataplane/port/dpdk/device.h"

#include <fmt/format.h>
#include <net/if.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_log.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "dataplane/net/packet_pool.h"
#include "dataplane/port/dpdk/interface_request.h"

namespace penstock::port {
namespace {

using Result = tl::expected<void, std::string>;

constexpr std::uint64_t kRxChecksums = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
constexpr std::uint64_t kTxChecksums = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
constexpr std::uint64_t kRssOfUdp = RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;

// Two devices of one kind need different names: DPDK wants a number behind the driver's name.
std::string numbered(const std::string& arguments, std::uint16_t index) {
  const std::size_t comma = std::min(arguments.find(','), arguments.size());
  if (comma > 0 && std::isdigit(static_cast<unsigned char>(arguments[comma - 1])) != 0) return arguments;
  return arguments.substr(0, comma) + std::to_string(index) + arguments.substr(comma);
}

constexpr int kMostMtu = 9216;

int probe(const std::string& arguments) {
  errno = 0;  // net_af_xdp takes an old EOPNOTSUPP for its own (22.11)
  return rte_dev_probe(arguments.c_str());
}

// net_af_xdp has no interrupts, but its sockets can be waited for: those this process has.
std::vector<int> af_xdp_sockets() {
  std::vector<int> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
    const int fd = std::atoi(entry.path().filename().c_str());
    int domain = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_XDP) found.push_back(fd);
  }
  std::ranges::sort(found);
  return found;
}

int new_one(const std::vector<int>& before, const std::vector<int>& after) {
  const auto added = std::ranges::find_if(after, [&](int fd) { return !std::ranges::binary_search(before, fd); });
  return added == after.end() ? -1 : *added;
}

const char* fix_for(const DeviceSpec& spec) {
  if (spec.is_pci()) {
    return "bind it to vfio-pci (dpdk-devbind.py -b vfio-pci ADDRESS) with the IOMMU on, or to uio_pci_generic; "
           "bifurcated NICs such as mlx5 keep their kernel driver";
  }
  if (spec.device().starts_with("net_af_xdp")) {
    return "does the interface exist and is it up, may this process use AF_XDP (CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF), "
           "and is no other XDP program on it (ip link)?";
  }
  return "see DPDK's documentation of that driver for its arguments";
}

}  // namespace

tl::expected<std::unique_ptr<Device>, std::string> Device::open(DeviceSpec spec, std::uint16_t index) {
  std::unique_ptr<Device> device(new Device(std::move(spec), index));
  if (auto attached = device->attach(); !attached) return tl::unexpected(attached.error());
  return device;
}

std::string Device::sentence(const char* what, int error) const {
  return fmt::format("dpdk:{}: cannot {}: {}; {}", spec_.arguments, what, rte_strerror(error < 0 ? -error : error),
                     fix_for(spec_));
}

Result Device::attach() {
  if (const std::string interface(spec_.kernel_interface());
      !interface.empty() && if_nametoindex(interface.c_str()) == 0) {
    return tl::unexpected(
        fmt::format("dpdk:{}: this host has no interface {}; see 'ip link'", spec_.arguments, interface));
  }
  const std::string arguments = spec_.is_pci() ? spec_.arguments : numbered(spec_.arguments, index_);
  // PCI devices were attached with the environment, which was given their addresses.
  if (!spec_.is_pci()) {
    if (const int error = probe(arguments); error != 0) return tl::unexpected(sentence("open the device", error));
  }
  rte_dev_iterator iterator;
  id_ = RTE_MAX_ETHPORTS;
  if (rte_eth_iterator_init(&iterator, arguments.substr(0, arguments.find(',')).c_str()) == 0) {
    id_ = rte_eth_iterator_next(&iterator);
    if (id_ != RTE_MAX_ETHPORTS) rte_eth_iterator_cleanup(&iterator);
  }
  if (id_ == RTE_MAX_ETHPORTS) {
    id_ = UINT16_MAX;
    return tl::unexpected(sentence("find the device", ENODEV));
  }
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id_, &info); error != 0)
    return tl::unexpected(sentence("read its facts", error));
  driver_ = info.driver_name;
  numa_node_ = rte_eth_dev_socket_id(id_);
  max_rx_queues_ = info.max_rx_queues;
  max_tx_queues_ = info.max_tx_queues;
  max_mtu_ = info.max_mtu;
  kernel_interface_ =
      spec_.kernel_interface().empty() ? info.if_index : if_nametoindex(std::string(spec_.kernel_interface()).c_str());
  rte_ether_addr address;
  if (const int error = rte_eth_macaddr_get(id_, &address); error != 0)
    return tl::unexpected(sentence("read its MAC address", error));
  if (rte_is_zero_ether_addr(&address) != 0) rte_eth_random_addr(address.addr_bytes);  // net_ring has none of its own
  std::ranges::copy(address.addr_bytes, mac_.begin());
  if (const int error = rte_eth_dev_get_mtu(id_, &mtu_); error != 0) mtu_ = RTE_ETHER_MTU;
  // Drivers do not always know what the kernel knows.
  std::array<char, IF_NAMESIZE> name{};
  if (kernel_interface_ != 0 && if_indextoname(kernel_interface_, name.data()) != nullptr) {
    const auto answer = ask_interface(name.data(), SIOCGIFMTU);
    if (answer && answer->ifr_mtu <= kMostMtu) mtu_ = static_cast<std::uint16_t>(answer->ifr_mtu);
  }
  if (spec_.mtu != 0) mtu_ = spec_.mtu;
  return {};
}

std::uint16_t Device::frame_room() const {
  return static_cast<std::uint16_t>(mtu_ + RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * RTE_VLAN_HLEN);
}

Result Device::start(const DeviceSetup& setup, std::span<rte_mempool* const> pools) {
  if (auto configured = configure(setup); !configured) return configured;
  if (auto queues = set_up_queues(setup, pools); !queues) return queues;
  if (auto set = set_mtu(); !set) return set;
  if (const int error = rte_eth_dev_start(id_); error != 0) return tl::unexpected(sentence("start the device", error));
  started_ = true;
  // Neighbour solicitations are multicast (RFC 4861 section 7.2.2), and the kernel behind the tap has to see them.
  // A device that cannot be asked lets everything pass.
  if (kernel_interface_ == 0) static_cast<void>(rte_eth_allmulticast_enable(id_));
  find_interrupts();
  wait_for_link();
  return {};
}

// Copper takes a second or two to negotiate; a cable that is not there is told about, and waited for no longer.
void Device::wait_for_link() {
  constexpr unsigned kTries = 30;
  poll();
  for (unsigned i = 0; i < kTries && spec_.is_pci() && !link_up(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    poll();
  }
}

Result Device::set_up_queues(const DeviceSetup& setup, std::span<rte_mempool* const> pools) {
  std::uint16_t rx_descriptors = setup.descriptors;
  std::uint16_t tx_descriptors = setup.descriptors;
  rte_eth_dev_adjust_nb_rx_tx_desc(id_, &rx_descriptors, &tx_descriptors);
  const auto node = static_cast<unsigned>(numa_node_);
  for (std::uint16_t q = 0; q < rx_queues_; ++q) {
    const std::vector<int> before = af_xdp_sockets();
    const int error = rte_eth_rx_queue_setup(id_, q, rx_descriptors, node, nullptr, pools[q % pools.size()]);
    if (error != 0) return tl::unexpected(sentence("set up a receive queue", error));
    arrivals_.push_back({new_one(before, af_xdp_sockets()), false});
  }
  for (std::uint16_t q = 0; q < tx_queues_; ++q) {
    const int error = rte_eth_tx_queue_setup(id_, q, tx_descriptors, node, nullptr);
    if (error != 0) return tl::unexpected(sentence("set up a transmit queue", error));
  }
  return {};
}

// Drivers accept the wish for interrupts whether they have them or not.
void Device::find_interrupts() {
  const int level = rte_log_get_level(rte_eth_dev_logtype);
  rte_log_set_level(rte_eth_dev_logtype, RTE_LOG_CRIT);  // a "no" is no error
  for (std::uint16_t q = 0; q < rx_queues_ && offloads_.rx_interrupts; ++q) {
    if (arrivals_[q].fd >= 0) continue;
    arrivals_[q] = {rte_eth_dev_rx_intr_ctl_q_get_fd(id_, q), true};
  }
  rte_log_set_level(rte_eth_dev_logtype, static_cast<std::uint32_t>(level));
  offloads_.rx_interrupts = std::ranges::all_of(arrivals_, [](const Arrival& a) { return a.fd >= 0; });
}

Result Device::configure(const DeviceSetup& setup) {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id_, &info); error != 0)
    return tl::unexpected(sentence("read its facts", error));
  const std::uint16_t most = spec_.queues != 0 ? std::min(spec_.queues, setup.workers) : setup.workers;
  // The kernel fills every queue of an interface it shares with us, so all of them are received from.
  rx_queues_ =
      spec_.kernel_interface().empty() ? std::max<std::uint16_t>(1, std::min(most, max_rx_queues_)) : max_rx_queues_;
  tx_queues_ = std::max<std::uint16_t>(1, std::min(most, max_tx_queues_));
  rte_eth_conf conf{};
  conf.rxmode.mtu = mtu_;
  // virtio would leave the checksums of frames from its own host unfinished, and the kernel behind the tap drops such.
  const bool unfinished = driver_ == "net_virtio";
  conf.rxmode.offloads = unfinished ? 0 : info.rx_offload_capa & kRxChecksums;
  conf.txmode.offloads = info.tx_offload_capa & kTxChecksums;
  const std::uint64_t rss = info.flow_type_rss_offloads & kRssOfUdp;
  if (rx_queues_ > 1 && rss != 0) {
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf.rss_hf = rss;
  }
  conf.intr_conf.rxq = setup.interrupts ? 1 : 0;
  int error = rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf);
  if (error != 0 && setup.interrupts) {
    conf.intr_conf.rxq = 0;  // not every driver has them
    error = rte_eth_dev_configure(id_, rx_queues_, tx_queues_, &conf);
  }
  if (error != 0) return tl::unexpected(sentence("configure the device", error));
  offloads_ = {(conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_IPV4_CKSUM) != 0,
               (conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_UDP_CKSUM) != 0,
               (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_IPV4_CKSUM) != 0,
               (conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_UDP_CKSUM) != 0, conf.intr_conf.rxq != 0};
  // Both families, or a client's worker would depend on its family.
  spread_ = rx_queues_ == 1 ? Spread::one_queue : rss == kRssOfUdp ? Spread::rss : Spread::unknown;
  return {};
}

// A kernel interface keeps the MTU the operator gave it.
Result Device::set_mtu() {
  if (kernel_interface_ != 0 || spec_.mtu == 0) return {};
  if (mtu_ > max_mtu_) {
    return tl::unexpected(fmt::format("dpdk:{}: its MTU is at most {}", spec_.arguments, max_mtu_));
  }
  const int error = rte_eth_dev_set_mtu(id_, mtu_);
  if (error == 0 || error == -ENOTSUP) return {};
  return tl::unexpected(sentence("set its MTU", error));
}

// Drivers of kernel interfaces say that the link is up, whatever it is; the kernel knows.
bool Device::read_link_of_kernel() const {
  const auto answer = ask_interface(std::string(spec_.kernel_interface()), SIOCGIFFLAGS);
  return answer && (answer->ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

void Device::poll() {
  rte_eth_link link{};
  if (!spec_.kernel_interface().empty()) {
    set_link(read_link_of_kernel());
  } else if (rte_eth_link_get_nowait(id_, &link) == 0) {
    set_link(link.link_status == RTE_ETH_LINK_UP);
    link_mbps_ = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
  }
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id_, &stats) != 0) return;
  counters_.missed.set(stats.imissed);
  counters_.no_packet.set(stats.rx_nombuf);
  counters_.rx_errors.set(stats.ierrors);
  counters_.tx_errors.set(stats.oerrors);
  counters_.received_packets.set(stats.ipackets);
  counters_.sent_packets.set(stats.opackets);
}

void Device::stop() {
  if (!started_) return;
  started_ = false;
  rte_eth_dev_stop(id_);
}

void Device::close() {
  stop();
  if (id_ != UINT16_MAX) rte_eth_dev_close(id_);
  id_ = UINT16_MAX;
}

Device::~Device() {
  close();
}

}  // namespace penstock::port
