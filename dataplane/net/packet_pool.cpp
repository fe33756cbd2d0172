#include "dataplane/net/packet_pool.h"

#include <fmt/format.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <sched.h>

#include <array>
#include <mutex>

namespace penstock::net {
namespace {

// Packets each thread keeps at hand, so that allocate and free rarely meet the shared ring.
constexpr unsigned kThreadCache = 256;

std::string allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::string list;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return "0";
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) list += (list.empty() ? "" : ",") + std::to_string(cpu);
  }
  return list;
}

tl::expected<void, std::string> initialise(unsigned memory_mb) {
  // One lcore that floats over all allowed cores: rte_eal_init would otherwise pin its caller.
  std::array<std::string, 9> words = {"penstock",
                                      "--no-huge",
                                      "--no-shconf",
                                      "--no-pci",
                                      "--no-telemetry",
                                      "--log-level=4",
                                      "--lcores=0@(" + allowed_cpus() + ")",
                                      "-m",
                                      std::to_string(memory_mb)};
  std::array<char*, words.size()> argv{};
  for (std::size_t i = 0; i < words.size(); ++i) argv[i] = words[i].data();
  if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
    return tl::unexpected(fmt::format("cannot start DPDK's environment with {} MB: {}; is that much memory free?",
                                      memory_mb, rte_strerror(rte_errno)));
  }
  return {};
}

void reset(Packet* p) {
  new (&info(p)) PacketInfo;
}

}  // namespace

tl::expected<void, std::string> start_environment(unsigned memory_mb) {
  static std::once_flag once;
  static tl::expected<void, std::string> result;
  std::call_once(once, [&] { result = initialise(memory_mb); });
  return result;
}

tl::expected<PacketPool, std::string> PacketPool::create(const std::string& name, unsigned packets,
                                                         unsigned buffer_size) {
  const auto room = static_cast<std::uint16_t>(buffer_size == 0 ? 0 : buffer_size + kHeadroom);
  rte_mempool* pool = rte_pktmbuf_pool_create(name.c_str(), packets, std::min(kThreadCache, packets * 2 / 3),
                                              sizeof(PacketInfo), room, SOCKET_ID_ANY);
  if (pool == nullptr) {
    return tl::unexpected(fmt::format("cannot create packet pool '{}' of {} packets: {}; raise [dataplane] memory_mb",
                                      name, packets, rte_strerror(rte_errno)));
  }
  return PacketPool(pool);
}

Packet* PacketPool::allocate() {
  Packet* p = rte_pktmbuf_alloc(pool_.get());
  if (p != nullptr) reset(p);
  return p;
}

bool PacketPool::allocate_bulk(std::span<Packet*> out) {
  if (rte_pktmbuf_alloc_bulk(pool_.get(), out.data(), static_cast<unsigned>(out.size())) != 0) return false;
  for (Packet* p : out) reset(p);
  return true;
}

unsigned PacketPool::in_use() const {
  return rte_mempool_in_use_count(pool_.get());
}
unsigned PacketPool::capacity() const {
  return pool_->size;
}
void PacketPool::Free::operator()(rte_mempool* pool) const {
  rte_mempool_free(pool);
}

}  // namespace penstock::net
