#pragma once
// Who owns each relayed port: one byte per port of each relay address, shared by all workers.

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/net/address.h"
#include "turn/settings.h"

namespace penstock::turn {

/// A port of one of the relay addresses.
struct RelayPort {
  std::uint16_t port = 0;    ///< 0: none
  std::uint8_t address = 0;  ///< index into FixedSettings::relay_addresses

  friend bool operator==(const RelayPort&, const RelayPort&) = default;
};

/// The record of DESIGN.md decision 4. A port is claimed here before it is bound and freed after it was unbound, so two
/// workers never try for one port and a hairpin finds its owner by one load.
class RelayDirectory {
 public:
  static constexpr std::uint8_t kFree = 0xff;
  static constexpr std::size_t kMostAddresses = 255;
  static constexpr std::size_t kMostWorkers = 255;

  explicit RelayDirectory(const FixedSettings& settings);

  /// The relayed port that an advertised endpoint stands for; nothing when it is not one of ours or outside the range.
  std::optional<RelayPort> find(const net::Endpoint& advertised) const;
  /// Several relay addresses are advertised as one, so what find() says of a free port may change.
  bool is_ambiguous() const { return ambiguous_; }
  /// Whether it is an address that clients are given relayed endpoints on.
  bool is_advertised(const net::Address& address) const;

  /// The owning worker or kFree.
  std::uint8_t owner(RelayPort port) const { return at(port).load(std::memory_order_acquire); }
  /// Takes a free port for `worker`; false when somebody has it.
  bool claim(RelayPort port, std::uint8_t worker) {
    std::uint8_t expected = kFree;
    if (!at(port).compare_exchange_strong(expected, worker, std::memory_order_acq_rel)) return false;
    claimed_[port.address].fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  /// Records a port's new owner: a reservation claimed on another worker.
  void assign(RelayPort port, std::uint8_t worker) { at(port).store(worker, std::memory_order_release); }
  void release(RelayPort port) {
    at(port).store(kFree, std::memory_order_release);
    claimed_[port.address].fetch_sub(1, std::memory_order_relaxed);
  }
  /// How many ports of that relay address have an owner.
  std::uint32_t claimed(std::uint8_t address) const { return claimed_[address].load(std::memory_order_relaxed); }

  net::Endpoint bound(RelayPort port) const { return {addresses_[port.address].address, port.port}; }
  net::Endpoint advertised(RelayPort port) const { return {addresses_[port.address].advertised, port.port}; }

  const std::vector<RelayAddress>& addresses() const { return addresses_; }
  std::uint16_t port_min() const { return port_min_; }
  std::uint32_t ports() const { return ports_; }

 private:
  std::vector<RelayAddress> addresses_;
  std::uint16_t port_min_;
  std::uint32_t ports_;
  bool ambiguous_ = false;
  std::unique_ptr<std::atomic<std::uint8_t>[]> owners_;
  std::unique_ptr<std::atomic<std::uint32_t>[]> claimed_;

  std::atomic<std::uint8_t>& at(RelayPort port) const {
    return owners_[std::size_t{port.address} * ports_ + port.port - port_min_];
  }
};

}  // namespace penstock::turn
