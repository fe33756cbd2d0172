#pragma once
// An SDP session description (RFC 8866) as it is written: lines sorted into the session and its m-sections, values
// still text. What they mean to WebRTC is in offer.h.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::control::sdp {

/// "a=NAME:VALUE", or "a=NAME" where the value is empty.
struct Attribute {
  std::string name;
  std::string value{};
  std::size_t line = 0;  ///< counted from 1; 0 where it was not parsed
};

/// "m=KIND PORT[/PORTS] PROTOCOL FORMAT ..." and the lines up to the next.
struct MediaDescription {
  std::string kind;
  std::uint16_t port = 0;
  std::uint16_t ports = 1;
  std::string protocol;
  std::vector<std::string> formats;
  std::string connection;  ///< c=
  std::vector<Attribute> attributes;
  std::size_t line = 0;
};

/// Lines that say nothing to WebRTC (i, u, e, p, b, r, z, k) are checked for their letter alone and not kept.
struct Description {
  std::string origin;      ///< o=
  std::string name = "-";  ///< s=
  std::string connection;  ///< c=
  std::vector<std::string> times = {"0 0"};
  std::vector<Attribute> attributes;
  std::vector<MediaDescription> media;
};

/// The value of the first attribute `name`, empty for a flag; nullptr when there is none.
inline const Attribute* find(const std::vector<Attribute>& attributes, std::string_view name) {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

}  // namespace penstock::control::sdp
