// Hostile packets into both ciphers: nothing is read past its end, nothing forged is opened, what one refuses so does
// the other; and whatever is protected opens again.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/net/bytes.h"
#include "dataplane/srtp/cipher.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"

namespace penstock::srtp {
namespace {

using Packet = std::vector<std::uint8_t>;

constexpr Profile kProfiles[] = {Profile::aes128_cm_sha1_80, Profile::aead_aes_128_gcm, Profile::aead_aes_256_gcm};
constexpr std::uint32_t kContexts = 4;  // the last without keys

/// Sender and receiver of one implementation.
struct Pair {
  std::unique_ptr<Cipher> sender;
  std::unique_ptr<Cipher> receiver;

  explicit Pair(Kind kind)
      : sender(std::move(*make_cipher(kind, kContexts))), receiver(std::move(*make_cipher(kind, kContexts))) {
    for (ContextId id = 0; id + 1 < kContexts; ++id) {
      MasterKey key{.profile = kProfiles[id], .key = {}, .salt = {}};
      key.key.fill(static_cast<std::uint8_t>(id + 1));
      sender->install(id, key);
      receiver->install(id, key);
    }
  }
};

struct Ciphers {
  Pair fast{Kind::automatic};
  Pair reference{Kind::libsrtp};
};

struct Opened {
  Result result;
  Packet plain;
};

Opened unprotect(Cipher& cipher, UnprotectJob job, Packet packet, std::size_t room) {
  Packet out(room, 0);
  const Packet before = packet;
  job.packet = packet;
  job.out = out;
  cipher.unprotect({&job, 1});
  REQUIRE(packet == before);
  REQUIRE(job.result == Result::ok || (job.size == 0 && std::ranges::all_of(out, [](auto byte) { return byte == 0; })));
  REQUIRE(job.size <= room);
  out.resize(job.size);
  return {job.result, out};
}

std::uint64_t packet_index(fuzz::Input& in) {
  const std::uint64_t high = in.flag() ? in.long_word() : in.below(3);
  return high << 16 | in.word();
}

void hostile_rtp(Ciphers& ciphers, fuzz::Input& in) {
  UnprotectJob job;
  job.context = static_cast<ContextId>(in.below(kContexts + 1));
  job.header_size = in.flag() ? 12 : in.word();
  job.packet_index = packet_index(in);
  const Packet packet = in.blob();
  const std::size_t room = in.flag() ? packet.size() : in.byte();
  const Opened ours = unprotect(*ciphers.fast.receiver, job, packet, room);
  const Opened theirs = unprotect(*ciphers.reference.receiver, job, packet, room);
  REQUIRE(ours.result != Result::ok && theirs.result != Result::ok);            // that would be a forgery
  REQUIRE(ours.result == theirs.result || theirs.result == Result::malformed);  // libsrtp parses the header, too
}

void hostile_rtcp(Ciphers& ciphers, fuzz::Input& in) {
  const auto id = static_cast<ContextId>(in.below(kContexts + 1));
  const Packet packet = in.blob();
  Packet ours = packet;
  Packet theirs = packet;
  const UnprotectedRtcp opened = ciphers.fast.receiver->unprotect_rtcp(id, ours);
  const UnprotectedRtcp expected = ciphers.reference.receiver->unprotect_rtcp(id, theirs);
  REQUIRE(opened.result != Result::ok && opened.size == 0 && opened.index == 0);
  REQUIRE(opened.result == expected.result);
}

Packet rtp_header(fuzz::Input& in, std::uint64_t index) {
  const std::size_t csrcs = in.below(16);
  const std::size_t extension_words = in.below(8);
  Packet header(12 + 4 * csrcs + (extension_words == 0 ? 0 : 4 * extension_words));
  header[0] = static_cast<std::uint8_t>(0x80 | (extension_words == 0 ? 0 : 0x10) | csrcs);
  net::store_be16(&header[2], static_cast<std::uint16_t>(index));
  net::store_be32(&header[8], in.byte());
  if (extension_words != 0) net::store_be16(&header[14 + 4 * csrcs], static_cast<std::uint16_t>(extension_words - 1));
  return header;
}

ProtectJob protect(Cipher& cipher, ProtectJob job, const Packet& header, Packet& out) {
  std::ranges::copy(header, out.begin());
  job.out = out;
  cipher.protect({&job, 1});
  return job;
}

void rtp_there_and_back(Ciphers& ciphers, fuzz::Input& in) {
  const auto id = static_cast<ContextId>(in.below(kContexts - 1));
  const std::uint64_t index = packet_index(in);
  const Packet header = rtp_header(in, index);
  Packet prefix = in.blob();
  prefix.resize(std::min(prefix.size(), kMaxPrefixBytes));
  const Packet payload = in.blob();
  const ProtectJob job{.context = id,
                       .header_size = static_cast<std::uint16_t>(header.size()),
                       .packet_index = index,
                       .out = {},
                       .prefix = prefix,
                       .payload = payload};
  Packet ours(header.size() + prefix.size() + payload.size() + tag_bytes(kProfiles[id]));
  Packet theirs = ours;
  const ProtectJob sent = protect(*ciphers.fast.sender, job, header, ours);
  const ProtectJob expected = protect(*ciphers.reference.sender, job, header, theirs);
  REQUIRE(sent.result == expected.result && sent.size == expected.size && ours == theirs);
  if (ours.size() > kMaxPacketBytes) return;
  REQUIRE(sent.result == Result::ok && sent.size == ours.size());

  UnprotectJob back;
  back.context = id;
  back.header_size = job.header_size;
  back.packet_index = index;
  Packet plain = prefix;
  plain.insert(plain.end(), payload.begin(), payload.end());
  const Opened opened = unprotect(*ciphers.fast.receiver, back, ours, plain.size());
  REQUIRE(opened.result == Result::ok && opened.plain == plain);
  ours[in.word() % ours.size()] ^= static_cast<std::uint8_t>(1 << in.below(8));
  REQUIRE(unprotect(*ciphers.fast.receiver, back, ours, plain.size()).result == Result::authentication_failed);
}

void rtcp_there_and_back(Ciphers& ciphers, fuzz::Input& in) {
  const auto id = static_cast<ContextId>(in.below(kContexts - 1));
  const Packet plain = in.blob();
  Packet packet = plain;
  packet.resize(plain.size() + rtcp_trailer_bytes(kProfiles[id]));
  const ProtectedRtcp sent = ciphers.fast.sender->protect_rtcp(id, packet, plain.size());
  REQUIRE((sent.result == Result::ok) == (plain.size() >= 8 && packet.size() <= kMaxPacketBytes));
  if (sent.result != Result::ok) return;
  Packet forged = packet;
  forged[in.word() % forged.size()] ^= static_cast<std::uint8_t>(1 << in.below(8));
  REQUIRE(ciphers.fast.receiver->unprotect_rtcp(id, forged).result != Result::ok);
  Packet other = packet;
  const UnprotectedRtcp opened = ciphers.fast.receiver->unprotect_rtcp(id, packet);
  const UnprotectedRtcp expected = ciphers.reference.receiver->unprotect_rtcp(id, other);
  REQUIRE(opened.result == Result::ok && expected.result == Result::ok);
  REQUIRE(opened.index == expected.index && opened.size == plain.size() && expected.size == plain.size());
  REQUIRE(std::equal(plain.begin(), plain.end(), packet.begin()) && packet == other);
}

}  // namespace
}  // namespace penstock::srtp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace penstock;
  static srtp::Ciphers ciphers;
  fuzz::Input in({data, size});
  while (!in.empty()) {
    switch (in.below(4)) {
      case 0:
        srtp::hostile_rtp(ciphers, in);
        break;
      case 1:
        srtp::hostile_rtcp(ciphers, in);
        break;
      case 2:
        srtp::rtp_there_and_back(ciphers, in);
        break;
      default:
        srtp::rtcp_there_and_back(ciphers, in);
        break;
    }
  }
  return 0;
}
