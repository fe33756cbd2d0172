#include "control/sdp/offer.h"

#include <algorithm>
#include <array>

#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

constexpr std::array<std::string_view, 4> kDirectionNames = {"inactive", "sendonly", "recvonly", "sendrecv"};
constexpr std::array<std::string_view, 4> kSetupNames = {"active", "passive", "actpass", "holdconn"};

template <class List, class Key, class Member>
auto* find_in(const List& list, const Key& key, Member member) {
  const auto found = std::ranges::find(list, key, member);
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::string_view to_string(Direction direction) {
  return kDirectionNames[static_cast<std::size_t>(direction)];
}

Direction reversed(Direction direction) {
  if (direction == Direction::sendonly) return Direction::recvonly;
  if (direction == Direction::recvonly) return Direction::sendonly;
  return direction;
}

std::string_view to_string(Setup setup) {
  return kSetupNames[static_cast<std::size_t>(setup)];
}

const std::string* Codec::parameter(std::string_view wanted) const {
  for (const Parameter& p : parameters) {
    if (equal_ignoring_case(p.name, wanted)) return &p.value;
  }
  return nullptr;
}

bool Codec::has_feedback(std::string_view wanted) const {
  return std::ranges::find(feedback, wanted) != feedback.end();
}

std::optional<std::uint8_t> Codec::associated_payload_type() const {
  const std::string* apt = equal_ignoring_case(name, "rtx") ? parameter("apt") : nullptr;
  return apt == nullptr ? std::nullopt : number<std::uint8_t>(*apt);
}

const Codec* Section::codec(std::uint8_t payload_type) const {
  return find_in(codecs, payload_type, &Codec::payload_type);
}

const Source* Section::source(std::uint32_t ssrc) const {
  return find_in(sources, ssrc, &Source::ssrc);
}

const RidLine* Section::rid(std::string_view id) const {
  return find_in(rids, id, &RidLine::id);
}

}  // namespace penstock::control::sdp
