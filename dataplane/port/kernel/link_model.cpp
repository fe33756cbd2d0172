#include "dataplane/port/kernel/link_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace penstock::port {

void LinkModel::add_device(std::uint16_t device, const std::string& name, unsigned ifindex) {
  devices_.push_back({device, name, ifindex});
}

void LinkModel::clear() {
  links_.clear();
  addresses_.clear();
}

void LinkModel::apply(const LinkMessage& link) {
  if (link.removed) {
    links_.erase(link.ifindex);
    addresses_.erase(link.ifindex);
  } else {
    links_[link.ifindex] = link;
  }
}

void LinkModel::apply(const AddressMessage& message) {
  std::vector<InterfaceAddress>& addresses = addresses_[message.ifindex];
  std::erase(addresses, message.address);
  if (!message.removed) addresses.push_back(message.address);
}

const LinkMessage* LinkModel::link_of(Device& device) {
  if (const auto it = links_.find(device.ifindex); it != links_.end()) return &it->second;
  for (const auto& [ifindex, link] : links_) {
    if (link.name != device.name) continue;
    device.ifindex = ifindex;
    return &link;
  }
  return nullptr;
}

std::optional<InterfaceIndex> LinkModel::place(std::uint16_t device, std::uint16_t vlan) {
  for (std::size_t i = 0; i < places_; ++i) {
    if (interfaces_[i].device == device && interfaces_[i].vlan == vlan) return static_cast<InterfaceIndex>(i);
  }
  full_ = places_ == kMostInterfaces;
  if (full_) return std::nullopt;
  // Workers look at a place only after a route led them there, and that is published later.
  interfaces_[places_].device = device;
  interfaces_[places_].vlan = vlan;
  return static_cast<InterfaceIndex>(places_++);
}

void LinkModel::set(InterfaceIndex index, std::uint32_t ifindex, std::uint32_t mtu, std::uint64_t mac, bool up) {
  Interface& i = interfaces_[index];
  const auto assign = [&](auto& field, auto value) {
    if (field.exchange(value, std::memory_order_relaxed) != value) touched_ = true;
  };
  assign(i.ifindex, ifindex);
  assign(i.mtu, mtu);
  assign(i.mac, mac);
  const bool was_up = is_up(index);
  assign(i.up, up);
  if (was_up != up) changes_.push_back({index, up});
}

void LinkModel::bind(std::uint16_t device, std::uint16_t vlan, const LinkMessage& link, bool up) {
  const auto index = place(device, vlan);
  if (!index) return;
  by_ifindex_[link.ifindex] = *index;
  set(*index, link.ifindex, link.mtu, mac_to_word(link.mac), up);
}

std::vector<LinkModel::Change> LinkModel::update_interfaces() {
  touched_ = false;
  changes_.clear();
  by_ifindex_.clear();
  for (Device& device : devices_) {
    const LinkMessage* const base = link_of(device);
    if (base == nullptr) continue;
    bind(device.device, net::kNoVlan, *base, base->up);
    for (const auto& [ifindex, link] : links_) {
      if (link.vlan && link.parent == base->ifindex) bind(device.device, *link.vlan, link, link.up && base->up);
    }
  }
  for (std::size_t i = 0; i < places_; ++i) {
    const auto index = static_cast<InterfaceIndex>(i);
    const bool bound = std::ranges::any_of(by_ifindex_, [&](const auto& entry) { return entry.second == index; });
    if (!bound) set(index, 0, 0, 0, false);
  }
  return std::exchange(changes_, {});
}

std::optional<InterfaceIndex> LinkModel::find(unsigned ifindex) const {
  const auto it = by_ifindex_.find(ifindex);
  return it == by_ifindex_.end() ? std::nullopt : std::optional(it->second);
}

std::vector<InterfaceFacts> LinkModel::facts() const {
  std::vector<InterfaceFacts> facts;
  for (const auto& [ifindex, index] : by_ifindex_) {
    const LinkMessage& link = links_.at(ifindex);
    const Interface& i = interfaces_[index];
    const auto addresses = addresses_.find(ifindex);
    facts.push_back({link.name, i.device, i.vlan, link.mac, link.mtu, is_up(index),
                     addresses == addresses_.end() ? std::vector<InterfaceAddress>{} : addresses->second});
  }
  return facts;
}

std::vector<std::string> LinkModel::warnings() const {
  std::vector<std::string> warnings;
  for (const auto& [ifindex, index] : by_ifindex_) {
    const LinkMessage& link = links_.at(ifindex);
    if (link.master == 0) continue;
    warnings.push_back(
        fmt::format("{} belongs to a bridge, bond or VRF, whose addresses and routes are not followed: "
                    "take it out (`ip link set {} nomaster`)",
                    link.name, link.name));
  }
  if (full_) warnings.push_back(fmt::format("more than {} interfaces: the rest is not used", kMostInterfaces));
  return warnings;
}

}  // namespace penstock::port
