#include "turn/allocation_table.h"

namespace penstock::turn {
namespace {

// Local ids are dense per worker: two relayed ports per allocation, and room for listeners and other services.
constexpr std::size_t kOtherLocals = 65536;

}  // namespace

AllocationTable::AllocationTable(std::uint32_t capacity, const RelayDirectory& directory, std::uint16_t worker)
    : directory_(directory),
      worker_(worker),
      pool_(capacity),
      facts_(capacity),
      by_port_(directory.addresses().size() * directory.ports(), net::Touched::at_start),
      by_local_(std::size_t{capacity} * 2 + kOtherLocals) {}

std::uint32_t AllocationTable::take() {
  const std::uint32_t index = pool_.take();
  if (index == kNone) return kNone;
  const std::uint32_t generation = pool_[index].generation + 1;
  pool_[index] = {};
  pool_[index].generation = generation;
  facts_[index] = {};
  return index;
}

void AllocationTable::give(std::uint32_t index) {
  pool_[index].state = AllocationState::free;
  pool_.give(index);
}

bool AllocationTable::add_port(std::uint32_t index, const BoundPort& bound) {
  if (bound.local >= by_local_.size()) return false;
  const auto family = family_index(directory_.bound(bound.port).address.family());
  pool_[index].relay[family] = bound.local;
  pool_[index].ports[family] = bound.port;
  by_port_[slot(bound.port)] = index + 1;
  by_local_[bound.local] = index + 1;
  return true;
}

void AllocationTable::remove_port(std::uint32_t index, const BoundPort& bound) {
  const auto family = family_index(directory_.bound(bound.port).address.family());
  pool_[index].relay[family] = net::kNoLocal;
  by_port_[slot(bound.port)] = 0;
  by_local_[bound.local] = 0;
}

}  // namespace penstock::turn
