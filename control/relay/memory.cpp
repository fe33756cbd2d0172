#include "control/relay/memory.h"

#include <rte_mempool.h>

#include <algorithm>

#include "dataplane/engine/message.h"
#include "dataplane/engine/post_office.h"
#include "dataplane/engine/shard.h"
#include "dataplane/net/packet.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/port/dpdk/host.h"
#include "dataplane/sfu/core.h"
#include "turn/records.h"

namespace penstock::control {
namespace {

constexpr std::uint64_t kPacketBytes =
    sizeof(net::Packet) + sizeof(net::PacketInfo) + sizeof(rte_mempool_objhdr) + sizeof(void*) + RTE_CACHE_LINE_SIZE;
// The pool itself: mostly a cache for every thread there might be.
constexpr std::uint64_t kPoolBytes = sizeof(rte_mempool) + RTE_MAX_LCORE * sizeof(rte_mempool_cache);
constexpr std::uint64_t kBaseMb = 32;

// Listeners and reserved ports.
constexpr std::uint32_t kLocalsBesides = 8192;
// Largest frame that is received in one piece, and DPDK's own needs per device: queues, rings of the driver.
constexpr std::uint64_t kFrameRoom = 2048;
constexpr std::uint64_t kJumboFrameRoom = 9216 + 64;
// Packets that AF_XDP keeps in the rings of a queue.
constexpr std::uint64_t kAfXdpRings = 2 * 2048;
constexpr std::uint64_t kDeviceBytes = std::uint64_t{16} << 20;
// Datagrams in pieces: a 16 KB buffer each.
constexpr std::uint64_t kReassemblyBytes = (port::DpdkOptions{}.reassemblies + 64) * std::uint64_t{17} * 1024;

// What DPDK's devices need besides: packets with buffers, and those that sit in the queues.
std::uint64_t of_devices(const Config& config, std::uint64_t workers) {
  std::uint64_t devices = 0;
  std::uint64_t room = kFrameRoom;
  for (const PortChoice& choice : config.dataplane.ports) {
    if (!choice.device) continue;
    ++devices;
    if (choice.device->mtu + 64U > kFrameRoom) room = kJumboFrameRoom;
  }
  if (devices == 0) return 0;
  const std::uint64_t packets =
      config.dataplane.packets + devices * std::max<std::uint64_t>(2 * config.dpdk.descriptors, kAfXdpRings);
  return devices * kDeviceBytes + workers * (packets * (kPacketBytes + room + net::kHeadroom) + kReassemblyBytes) +
         workers * workers * config.dpdk.handoff * sizeof(port::HandedOff);
}

std::uint64_t of_worker(const DataplaneSection& dataplane) {
  return 2 * kPoolBytes + dataplane.packets * kPacketBytes +
         kAnswerPackets * (kPacketBytes + engine::Shard::kAnswerSize + net::kHeadroom) +
         std::uint64_t{2} * dataplane.slabs * sizeof(void*) + kRecordLane * sizeof(turn::EndedRecord);
}

std::uint64_t of_lanes(std::uint64_t workers) {
  return workers * workers * kPacketLane * sizeof(engine::HandedOver) +
         workers * (workers + 2) * kMessageLane * sizeof(engine::Message);
}

// Pools and lanes of one worker's SFU; its tables are ordinary memory.
std::uint64_t of_media(const Config& config, std::uint64_t workers) {
  if (!config.http.enabled()) return 0;
  const std::uint64_t views = workers > 1 ? kPoolBytes + config.media.packets * kPacketBytes : 0;
  return views + 2 * kPoolBytes + config.media.packets * (kPacketBytes + sfu::kStoredBytes + net::kHeadroom) +
         config.media.outgoing * (kPacketBytes + sfu::kOutgoingBytes + net::kHeadroom) +
         2 * sfu::HandshakeLanes::kCapacity * sizeof(sfu::HandshakeDatagram);
}

// Between the workers' SFUs.
std::uint64_t of_neighbours(const Config& config, std::uint64_t workers) {
  if (!config.http.enabled()) return 0;
  return sfu::Neighbours::bytes(
      sfu::NeighbourOptions::suiting(static_cast<std::uint16_t>(workers), config.media.packets));
}

}  // namespace

std::uint32_t locals_per_worker(const DataplaneSection& dataplane) {
  return 2 * dataplane.allocations + kLocalsBesides;
}

unsigned environment_memory_mb(const Config& config, unsigned workers) {
  if (config.dataplane.memory_mb != 0) return config.dataplane.memory_mb;
  const std::uint64_t bytes = workers * (of_worker(config.dataplane) + of_media(config, workers)) + of_lanes(workers) +
                              of_neighbours(config, workers) + of_devices(config, workers);
  return static_cast<unsigned>(kBaseMb + (bytes + bytes / 4) / (1U << 20));
}

}  // namespace penstock::control
