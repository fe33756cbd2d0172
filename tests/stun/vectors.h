#pragma once
// Messages from RFC 5769 section 2 and RFC 8489 appendix B.1 (as corrected by erratum 6268).

#include <string_view>

namespace penstock::stun::testing {

constexpr std::string_view kIcePassword = "VOkJxbRl1RmTxUk/WvJxBt";

/// RFC 5769 section 2.1.
constexpr std::string_view kSampleRequest =
    "0001 0058  2112a442  b7e7a701 bc34d686 fa87dfae"
    "8022 0010  5354554e 20746573 7420636c 69656e74"
    "0024 0004  6e0001ff"
    "8029 0008  932ff9b1 51263b36"
    "0006 0009  6576746a 3a683676 59202020"
    "0008 0014  9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2"
    "8028 0004  e57a3bcf";

/// RFC 5769 section 2.2.
constexpr std::string_view kSampleIpv4Response =
    "0101 003c  2112a442  b7e7a701 bc34d686 fa87dfae"
    "8022 000b  74657374 20766563 746f7220"
    "0020 0008  0001a147 e112a643"
    "0008 0014  2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7"
    "8028 0004  c07d4c96";

/// RFC 5769 section 2.3.
constexpr std::string_view kSampleIpv6Response =
    "0101 0048  2112a442  b7e7a701 bc34d686 fa87dfae"
    "8022 000b  74657374 20766563 746f7220"
    "0020 0014  0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9"
    "0008 0014  a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41"
    "8028 0004  c8fb0b4c";

/// U+30DE U+30C8 U+30EA U+30C3 U+30AF U+30B9, already in NFC.
constexpr std::string_view kMatrixUser = "\xe3\x83\x9e\xe3\x83\x88\xe3\x83\xaa\xe3\x83\x83\xe3\x82\xaf\xe3\x82\xb9";
constexpr std::string_view kMatrixPassword = "TheMatrIX";
constexpr std::string_view kMatrixRealm = "example.org";

/// RFC 5769 section 2.4.
constexpr std::string_view kLongTermRequest =
    "0001 0060  2112a442  78ad3433 c6ad72c0 29da412e"
    "0006 0012  e3839ee3 8388e383 aae38383 e382afe3 82b90000"
    "0015 001c  662f2f34 39396b39 3534 64364f4c 33346f4c 39465354 76793634 7341"
    "0014 000b  6578616d 706c652e 6f726700"
    "0008 0014  f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666";

/// RFC 8489 appendix B.1. As first printed it lacked PASSWORD-ALGORITHM, without which the length field is wrong.
constexpr std::string_view kSha256Request =
    "0001 0090  2112a442  78ad3433 c6ad72c0 29da412e"
    "001e 0020  4a3cf38f ef6992bd a952c678 0417da0f 24819415 569e60b2 05c46e41 407f1704"
    "0015 0029  6f624d61 744a6f73 32414141 43662f2f 3439396b 39353464 364f4c33 346f4c39 46535476 79363473 41000000"
    "0014 000b  6578616d 706c652e 6f726700"
    "001d 0004  00020000"
    "001c 0020  b5c7bf00 5b6c52a2 1c51c5e8 92f81924 136296cb 927c4314 9309278c c6518e65";

}  // namespace penstock::stun::testing
