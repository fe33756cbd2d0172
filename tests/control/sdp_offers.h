#pragma once
// The recorded offers in sdp_offers/, and what tests do with all of them.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "control/sdp/negotiate.h"
#include "control/sdp/offer.h"

namespace penstock::control::sdp {

inline std::string recorded(std::string_view name) {
  std::ifstream file(std::string(PENSTOCK_SDP_OFFERS) + "/" + std::string(name) + ".sdp", std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// `text` with the first `from` replaced; a test that replaces nothing fails.
inline std::string with(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << "there is no '" << from << "' to replace";
  return at == text.npos ? text : text.replace(at, from.size(), to);
}

inline Offer offer_of(std::string_view text) {
  auto offer = read_offer(text);
  EXPECT_TRUE(offer) << to_string(offer.error());
  return offer ? *offer : Offer{};
}

inline Negotiated negotiated(const Offer& offer, Role role) {
  auto result = negotiate(offer, role);
  EXPECT_TRUE(result) << to_string(result.error());
  return result ? *result : Negotiated{};
}

}  // namespace penstock::control::sdp
