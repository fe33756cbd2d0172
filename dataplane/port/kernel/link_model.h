#pragma once
// The kernel's links and addresses, and which of them are interfaces of ours.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/port/kernel/interface.h"
#include "dataplane/port/kernel/netlink_message.h"

namespace penstock::port {

/// An interface as `penstockctl ports` shows it.
struct InterfaceFacts {
  std::string name;
  std::uint16_t device = 0;
  std::uint16_t vlan = net::kNoVlan;
  net::MacAddress mac{};
  std::uint32_t mtu = 0;
  bool up = false;
  std::vector<InterfaceAddress> addresses;
};

/// Used by the mirror's thread only; writes the InterfaceTable that workers read.
class LinkModel {
 public:
  explicit LinkModel(InterfaceTable& interfaces) : interfaces_(interfaces) {}

  /// A device of ours is the kernel's interface `ifindex` of that name; should it vanish, the next of that name.
  void add_device(std::uint16_t device, const std::string& name, unsigned ifindex);

  void clear();
  void apply(const LinkMessage& link);
  void apply(const AddressMessage& address);

  struct Change {
    InterfaceIndex interface;
    bool up;
  };
  /// Brings the InterfaceTable up to date; returns the interfaces that went up or down. `touched()` tells whether
  /// anything that workers see changed.
  std::vector<Change> update_interfaces();
  bool touched() const { return touched_; }

  std::optional<InterfaceIndex> find(unsigned ifindex) const;
  bool is_up(InterfaceIndex index) const { return interfaces_[index].up.load(std::memory_order_relaxed); }

  std::vector<InterfaceFacts> facts() const;
  /// What of our interfaces cannot be mirrored, a sentence each.
  std::vector<std::string> warnings() const;
  std::size_t size() const { return by_ifindex_.size(); }

 private:
  struct Device {
    std::uint16_t device;
    std::string name;
    unsigned ifindex;
  };

  const LinkMessage* link_of(Device& device);
  std::optional<InterfaceIndex> place(std::uint16_t device, std::uint16_t vlan);
  void bind(std::uint16_t device, std::uint16_t vlan, const LinkMessage& link, bool up);
  void set(InterfaceIndex index, std::uint32_t ifindex, std::uint32_t mtu, std::uint64_t mac, bool up);

  InterfaceTable& interfaces_;
  std::size_t places_ = 0;  ///< of the table, used so far
  std::vector<Device> devices_;
  std::map<unsigned, LinkMessage> links_;
  std::map<unsigned, std::vector<InterfaceAddress>> addresses_;
  std::map<unsigned, InterfaceIndex> by_ifindex_;
  std::vector<Change> changes_;
  bool touched_ = false;
  bool full_ = false;
};

}  // namespace penstock::port
