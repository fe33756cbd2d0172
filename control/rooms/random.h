#pragma once
// What nobody must guess: ICE passwords, SSRCs, first sequence numbers; from the kernel.

#include <cstdint>
#include <span>
#include <string>

namespace penstock::control::rooms {

void fill_random(std::span<std::uint8_t> bytes);
std::uint64_t random_number();
/// `size` ice-chars (RFC 8839 section 5.4: letters, digits, '+' and '/'), six random bits each.
std::string random_ice_text(std::size_t size);

}  // namespace penstock::control::rooms
