#pragma once
// The cipher that runs anywhere, and the oracle of the fast one.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/libsrtp/session.h"

namespace penstock::srtp::libsrtp {

/// See Cipher; allocates as Kind::libsrtp says. SRTCP indices are counted per SSRC, which is libsrtp's way.
class ReferenceCipher final : public Cipher {
 public:
  /// Starts libsrtp, once per process; an error when it does not.
  static tl::expected<std::unique_ptr<Cipher>, std::string> create(std::size_t contexts);

  std::string_view implementation() const override { return "libsrtp"; }

  void install(ContextId id, const MasterKey& key) override;
  void remove(ContextId id) override;
  bool installed(ContextId id) const override { return id < contexts() && contexts_[id] != nullptr; }
  /// The sessions themselves: libsrtp counts by itself, and by SSRC.
  ContextState take(ContextId id) override;
  void resume(ContextId id, const MasterKey& key, ContextState state) override;

  void protect(std::span<ProtectJob> jobs) override;
  void unprotect(std::span<UnprotectJob> jobs) override;
  ProtectedRtcp protect_rtcp(ContextId id, std::span<std::uint8_t> buffer, std::size_t size) override;
  UnprotectedRtcp unprotect_rtcp(ContextId id, std::span<std::uint8_t> packet) override;

  void prefetch(ContextId) const override {}

 private:
  struct Context final : ContextState::Kept {
    Session rtp;
    Session rtcp;
    Profile profile() const { return rtp.key().profile; }
  };

  explicit ReferenceCipher(std::size_t contexts) : Cipher(contexts), contexts_(contexts) {}
  Result run(ProtectJob& job);
  Result run(UnprotectJob& job);

  std::vector<std::unique_ptr<Context>> contexts_;
  // libsrtp works in place and wants room behind the packet, which the callers' buffers need not have.
  alignas(16) std::array<std::uint8_t, kMaxPacketBytes + SRTP_MAX_TRAILER_LEN + 4> scratch_{};
};

}  // namespace penstock::srtp::libsrtp
