#pragma once
// The cipher that is fast with thousands of keys: ipsec-mb's code for this CPU, keys expanded once and fetched ahead.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/net/lazy_array.h"
#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/ipsec_mb/context.h"
#include "dataplane/srtp/ipsec_mb/counter_mode.h"
#include "dataplane/srtp/ipsec_mb/gcm.h"
#include "dataplane/srtp/ipsec_mb/manager.h"
#include "dataplane/srtp/ipsec_mb/session_keys.h"

namespace penstock::srtp::ipsec_mb {

/// See Cipher. No OpenSSL (DESIGN.md, decision 10): ipsec-mb's functions touch the memory they are given and nothing
/// else.
class BatchCipher final : public Cipher {
 public:
  /// Throws std::bad_alloc; at start only. Memory is taken as contexts are used.
  BatchCipher(Manager manager, std::size_t contexts);

  std::string_view implementation() const override { return manager_.implementation; }

  void install(ContextId id, const MasterKey& key) override;
  /// What lies below the derivation, as the vectors of RFC 7714 have it.
  void install_session(ContextId id, const SessionKeys& keys);
  void remove(ContextId id) override;
  bool installed(ContextId id) const override { return find(id) != nullptr; }
  ContextState take(ContextId id) override {
    const std::uint32_t index = installed(id) ? contexts_[id].rtcp_index : 0;
    remove(id);
    return {.rtcp_index = index, .kept = nullptr};
  }
  void resume(ContextId id, const MasterKey& key, ContextState state) override {
    install(id, key);
    if (installed(id)) contexts_[id].rtcp_index = state.rtcp_index;
  }

  void protect(std::span<ProtectJob> jobs) override;
  void unprotect(std::span<UnprotectJob> jobs) override;
  ProtectedRtcp protect_rtcp(ContextId id, std::span<std::uint8_t> buffer, std::size_t size) override;
  UnprotectedRtcp unprotect_rtcp(ContextId id, std::span<std::uint8_t> packet) override;

  void prefetch(ContextId id) const override;

 private:
  const Context* find(ContextId id) const {
    return id < contexts() && contexts_[id].installed ? &contexts_[id] : nullptr;
  }
  const Gcm& gcm(Profile profile) const { return profile == Profile::aead_aes_256_gcm ? gcm_256_ : gcm_128_; }

  void fetch_head(ContextId id) const;
  void fetch_key(ContextId id) const;
  template <class Job>
  void run(std::span<Job> jobs);
  // One packet. GCM is done when start() returns, counter mode when end() does.
  Result start(ProtectJob& job, Lane& lane);
  Result start(UnprotectJob& job, Lane& lane);
  void end(ProtectJob& job, const Lane& lane) const;
  void end(UnprotectJob& job, const Lane& lane) const;
  void seal(const Context& context, ProtectJob& job) const;
  Result open(const Context& context, UnprotectJob& job) const;

  // In batch_cipher_rtcp.cpp: a whole packet, index word in place, whose first `size` bytes are the compound packet.
  bool seal_rtcp_gcm(const Context& context, std::span<std::uint8_t> packet, std::size_t size) const;
  bool open_rtcp_gcm(const Context& context, std::span<std::uint8_t> packet, std::size_t size) const;
  bool seal_rtcp_counter_mode(const Context& context, std::span<std::uint8_t> packet, std::size_t size);
  bool open_rtcp_counter_mode(const Context& context, std::span<std::uint8_t> packet, std::size_t size);
  /// Leaves the computed tag in the first lane; false when ipsec-mb refused.
  bool run_rtcp_counter_mode(const Context& context, IMB_CIPHER_DIRECTION direction, std::span<std::uint8_t> packet,
                             std::size_t size);

  Manager manager_;
  Gcm gcm_128_;
  Gcm gcm_256_;
  net::LazyArray<Context> contexts_;
  std::array<Lane, kMaxBatch> lanes_{};
  bool lanes_started_ = false;  // any, in this batch
};

}  // namespace penstock::srtp::ipsec_mb
