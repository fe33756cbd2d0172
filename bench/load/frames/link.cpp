#include "bench/load/frames/link.h"

#include <rte_ethdev.h>

#include <array>
#include <chrono>
#include <cstring>
#include <thread>

#include "dataplane/net/environment.h"

namespace penstock::frames {
namespace {

constexpr unsigned kRoom = 2048;

void fill(rte_mempool*, void*, void* object, unsigned) {
  auto* p = static_cast<net::Packet*>(object);
  std::memset(p->buf_addr, kFiller, p->buf_len);
}

}  // namespace

tl::expected<std::unique_ptr<Link>, std::string> Link::open(const LinkOptions& options) {
  auto spec = port::parse_device_spec(options.device);
  if (!spec) return tl::unexpected(spec.error());
  net::EnvironmentOptions environment{.memory_mb = options.memory_mb, .huge_pages = options.huge_pages};
  if (spec->is_pci()) environment.pci_devices.push_back(spec->arguments);
  if (auto started = net::start_environment(environment); !started) return tl::unexpected(started.error());
  auto receive = net::PacketPool::create("receive", options.packets, kRoom);
  if (!receive) return tl::unexpected(receive.error());
  // A pool of its own to send from, so that payloads are written once and for all.
  auto send = net::PacketPool::create("send", options.packets / 2, kRoom);
  if (!send) return tl::unexpected(send.error());
  rte_mempool_obj_iter(send->raw(), fill, nullptr);
  auto device = port::Device::open(std::move(*spec), 0);
  if (!device) return tl::unexpected(device.error());
  std::array<rte_mempool*, 1> pools{receive->raw()};
  const port::DeviceSetup setup{.workers = 1, .descriptors = options.descriptors, .interrupts = false};
  if (auto ready = (*device)->start(setup, pools); !ready) return tl::unexpected(ready.error());
  return std::unique_ptr<Link>(new Link(std::move(*device), std::move(*receive), std::move(*send)));
}

bool Link::wait_until_up(double patience_s) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience_s);
  for (device_->poll(); !device_->link_up(); device_->poll()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::uint16_t Link::receive(std::span<net::Packet*> out) {
  return rte_eth_rx_burst(device_->id(), 0, out.data(), static_cast<std::uint16_t>(out.size()));
}

bool Link::allocate(std::span<net::Packet*> out) {
  return rte_pktmbuf_alloc_bulk(send_pool_.raw(), out.data(), static_cast<unsigned>(out.size())) == 0;
}

std::uint16_t Link::send(std::span<net::Packet*> packets) {
  const auto count = static_cast<std::uint16_t>(packets.size());
  const std::uint16_t taken = rte_eth_tx_burst(device_->id(), 0, packets.data(), count);
  if (taken < count) rte_pktmbuf_free_bulk(packets.data() + taken, static_cast<unsigned>(count - taken));
  return taken;
}

bool Link::send_copy(std::span<const std::uint8_t> bytes) {
  // From the other pool: this one's bytes do not stay what they are.
  net::Packet* p = receive_pool_.allocate();
  if (p == nullptr || bytes.size() > rte_pktmbuf_tailroom(p)) return false;
  std::memcpy(rte_pktmbuf_append(p, static_cast<std::uint16_t>(bytes.size())), bytes.data(), bytes.size());
  return send({&p, 1}) == 1;
}

}  // namespace penstock::frames
