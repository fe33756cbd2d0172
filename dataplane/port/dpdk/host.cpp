#include "dataplane/port/dpdk/host.h"

#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>

#include <algorithm>
#include <array>

#include "dataplane/port/dpdk/interface_request.h"

namespace penstock::port {
namespace {

using Result = tl::expected<void, std::string>;

bool is_af_xdp(const DeviceSpec& spec) {
  return spec.device().starts_with("net_af_xdp");
}

// Channels of a kernel interface (ethtool -l). Every one of them needs a socket: what arrives at a queue without one
// stays with the kernel.
unsigned channels_of(const std::string& interface) {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  const auto request = ask_interface(interface, SIOCETHTOOL, &channels);
  return request ? std::max(channels.combined_count, 1U) : 1;
}

// Packets that the driver of AF_XDP keeps in the rings of a queue, whatever it is told.
constexpr std::uint32_t kAfXdpRings = 2 * 2048;

// Keeps a device's XDP program in step with what is bound.
class FilterOfEndpoints final : public EndpointFilter {
 public:
  explicit FilterOfEndpoints(XdpFilter& filter) : filter_(filter) {}
  tl::expected<void, std::string> add(std::span<const net::Address> addresses) {
    for (const net::Address& a : addresses) {
      auto index = filter_.add_address(a);
      if (!index) return tl::unexpected(index.error());
      indices_.push_back(*index);
    }
    return {};
  }
  void open(std::uint8_t address, std::uint16_t port) override { filter_.open(indices_[address], port); }
  void close(std::uint8_t address, std::uint16_t port) override { filter_.close(indices_[address], port); }

 private:
  XdpFilter& filter_;
  std::vector<std::uint8_t> indices_;
};

}  // namespace

tl::expected<std::unique_ptr<DpdkHost>, std::string> DpdkHost::open(const std::vector<DeviceSpec>& specs) {
  std::unique_ptr<DpdkHost> host(new DpdkHost);
  for (const DeviceSpec& spec : specs) {
    if (auto opened = host->open_device(spec); !opened) return tl::unexpected(opened.error());
  }
  return host;
}

DpdkHost::~DpdkHost() = default;

void DpdkHost::close_devices() {
  for (auto& rules : rules_) rules.reset();
  for (const auto& device : devices_) device->close();
  if (handoff_ != nullptr) handoff_->discard();
}

Result DpdkHost::open_device(DeviceSpec spec) {
  const auto index = static_cast<std::uint16_t>(devices_.size());
  std::unique_ptr<XdpFilter> filter;
  if (is_af_xdp(spec) && spec.arguments.find("xdp_prog=") == std::string::npos) {
    auto created = XdpFilter::create();
    if (!created) return tl::unexpected(created.error());
    // Before the driver: it would take away whatever program it finds.
    auto prepared = (*created)->prepare(if_nametoindex(std::string(spec.kernel_interface()).c_str()));
    if (!prepared) return tl::unexpected(prepared.error());
    if (!prepared->empty()) notes_.push_back(*prepared);
    filter = std::move(*created);
    spec.arguments += ",xdp_prog=" + filter->program_path();
  }
  if (is_af_xdp(spec) && spec.arguments.find("queue_count=") == std::string::npos) {
    spec.arguments += fmt::format(",queue_count={}", channels_of(std::string(spec.kernel_interface())));
  }
  // Its busy polling would cost a system call per empty look; a worker without work sleeps instead.
  if (is_af_xdp(spec) && spec.arguments.find("busy_budget=") == std::string::npos) spec.arguments += ",busy_budget=0";
  auto device = Device::open(std::move(spec), index);
  if (!device) return tl::unexpected(device.error());
  MirrorDevice mirrored{.device = index};
  if ((*device)->kernel_interface() != 0) {
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname((*device)->kernel_interface(), name.data()) != nullptr) mirrored.interface = name.data();
  } else {
    const DeviceSpec& written = (*device)->spec();
    auto tap = Tap::create({.name = written.tap.empty() ? fmt::format("pen{}", index) : written.tap,
                            .mac = (*device)->mac(),
                            .mtu = (*device)->mtu(),
                            .addresses = written.addresses,
                            .gateways = written.gateways});
    if (!tap) return tl::unexpected(tap.error());
    mirrored.tap.emplace(std::move(*tap));
  }
  kernel_interfaces_.push_back(mirrored.tap ? mirrored.tap->name() : mirrored.interface);
  mirrored_.push_back(std::move(mirrored));
  filters_.push_back(std::move(filter));
  devices_.push_back(std::move(*device));
  return {};
}

Result DpdkHost::start(const DpdkOptions& options, std::span<const net::Address> addresses) {
  options_ = options;
  if (auto created = create_pools(); !created) return created;
  std::vector<rte_mempool*> pools;
  for (const net::PacketPool& pool : pools_) pools.push_back(pool.raw());
  const DeviceSetup setup{options.workers, options.descriptors, options.idle == Idle::adaptive};
  for (const auto& device : devices_) {
    if (auto started = device->start(setup, pools); !started) return started;
    rules_.push_back(rules_for(*device));
  }
  auto locals = LocalTable::create(addresses);
  if (!locals) return tl::unexpected(locals.error());
  locals_ = std::move(*locals);
  if (auto connected = connect_filters(); !connected) return connected;
  auto handoff = Handoff::create(options.workers, options.handoff);
  if (!handoff) return tl::unexpected(handoff.error());
  handoff_ = std::move(*handoff);
  auto mirror = KernelMirror::create(std::move(mirrored_), options.workers, [handoff = handoff_.get()] {
    for (std::uint16_t worker = 0; worker < handoff->workers(); ++worker) handoff->waker(worker).wake();
  });
  if (!mirror) return tl::unexpected(mirror.error());
  mirror_ = std::move(*mirror);
  for (const auto& device : devices_) {
    if (ExceptionPath* path = mirror_->exception_path(device->index())) path->set_link(device->link_up());
  }
  return {};
}

// Receive queues hold packets, too, so there have to be more than all queues of a worker hold.
Result DpdkHost::create_pools() {
  std::uint16_t room = 2048;
  std::uint32_t queued = 0;
  bool dense = false;
  for (const auto& device : devices_) {
    room = std::max(room, device->frame_room());
    // A device of our own has a queue per worker at most; of a kernel interface all are received from.
    const bool shared = !device->spec().kernel_interface().empty();
    const std::uint32_t queues = shared ? 1U + device->max_rx_queues() / options_.workers : 1U;
    dense |= is_af_xdp(device->spec());
    queued += queues * (is_af_xdp(device->spec()) ? kAfXdpRings : 2U * options_.descriptors);
  }
  for (std::uint16_t worker = 0; worker < options_.workers; ++worker) {
    const std::string name = fmt::format("rx-{}", worker);
    const std::uint32_t packets = options_.packets + queued;
    auto pool =
        dense ? net::PacketPool::create_dense(name, packets, room) : net::PacketPool::create(name, packets, room);
    if (!pool) return tl::unexpected(pool.error());
    pools_.push_back(std::move(*pool));
  }
  return {};
}

Result DpdkHost::connect_filters() {
  for (std::size_t i = 0; i < devices_.size(); ++i) {
    if (filters_[i] == nullptr) continue;
    if (auto connected = filters_[i]->connect(devices_[i]->kernel_interface()); !connected) return connected;
    auto follower = std::make_unique<FilterOfEndpoints>(*filters_[i]);
    if (auto added = follower->add(locals_->addresses()); !added) return added;
    locals_->add_filter(*follower);
    followers_.push_back(std::move(follower));
  }
  return {};
}

// Only where the device spreads clients itself: its own hash, or our software, must not fight with the rules.
std::unique_ptr<FlowRules> DpdkHost::rules_for(const Device& device) {
  const bool able = options_.workers > 1 && device.spread() == Spread::rss && device.rx_queues() == options_.workers &&
                    options_.slices.size() == options_.workers;
  if (!able) return nullptr;
  auto rules = std::make_unique<FlowRules>(device, options_.slices);
  if (rules->active()) return rules;
  notes_.push_back(
      fmt::format("dpdk:{}: the device takes no rules for ports ({}): packets for relayed ports are handed "
                  "over in software",
                  device.spec().arguments, rules->why()));
  return nullptr;
}

Steering DpdkHost::steering(std::uint16_t device) const {
  if (options_.workers == 1) return Steering::one_worker;
  if (rules_[device] != nullptr) return Steering::flow_rules;
  const Device& d = *devices_[device];
  return d.spread() == Spread::rss && d.rx_queues() == options_.workers ? Steering::rss : Steering::software;
}

void DpdkHost::poll() {
  for (const auto& device : devices_) {
    const bool was_up = device->link_up();
    device->poll();
    ExceptionPath* path = mirror_->exception_path(device->index());
    // The kernel sees the link through the tap only.
    if (path != nullptr && device->link_up() != was_up) path->set_link(device->link_up());
  }
}

}  // namespace penstock::port
