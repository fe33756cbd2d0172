#include "control/relay/memory.h"

#include <rte_mempool.h>

#include "dataplane/engine/message.h"
#include "dataplane/engine/post_office.h"
#include "dataplane/engine/shard.h"
#include "dataplane/net/packet.h"
#include "dataplane/net/packet_pool.h"
#include "turn/records.h"

namespace penstock::control {
namespace {

constexpr std::uint64_t kPacketBytes =
    sizeof(net::Packet) + sizeof(net::PacketInfo) + sizeof(rte_mempool_objhdr) + sizeof(void*) + RTE_CACHE_LINE_SIZE;
// The pool itself: mostly a cache for every thread there might be.
constexpr std::uint64_t kPoolBytes = sizeof(rte_mempool) + RTE_MAX_LCORE * sizeof(rte_mempool_cache);
constexpr std::uint64_t kBaseMb = 32;

std::uint64_t of_worker(const DataplaneSection& dataplane) {
  return 2 * kPoolBytes + dataplane.packets * kPacketBytes +
         kAnswerPackets * (kPacketBytes + engine::Shard::kAnswerSize + net::kHeadroom) +
         std::uint64_t{2} * dataplane.slabs * sizeof(void*) + kRecordLane * sizeof(turn::EndedRecord);
}

std::uint64_t of_lanes(std::uint64_t workers) {
  return workers * workers * kPacketLane * sizeof(engine::HandedOver) +
         workers * (workers + 2) * kMessageLane * sizeof(engine::Message);
}

}  // namespace

unsigned environment_memory_mb(const DataplaneSection& dataplane, unsigned workers) {
  if (dataplane.memory_mb != 0) return dataplane.memory_mb;
  const std::uint64_t bytes = workers * of_worker(dataplane) + of_lanes(workers);
  return static_cast<unsigned>(kBaseMb + (bytes + bytes / 4) / (1U << 20));
}

}  // namespace penstock::control
