#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/libsrtp/reference_cipher.h"

#ifdef PENSTOCK_IPSEC_MB
#include "dataplane/srtp/ipsec_mb/batch_cipher.h"
#include "dataplane/srtp/ipsec_mb/manager.h"
#endif

namespace penstock::srtp {
namespace {

using MadeCipher = tl::expected<std::unique_ptr<Cipher>, std::string>;

#ifdef PENSTOCK_IPSEC_MB
MadeCipher make_batch_cipher(std::size_t contexts) {
  auto manager = ipsec_mb::make_manager();
  if (!manager) return tl::unexpected(manager.error());
  return std::make_unique<ipsec_mb::BatchCipher>(std::move(*manager), contexts);
}
#else
MadeCipher make_batch_cipher(std::size_t) {
  return tl::unexpected(
      std::string("built without ipsec-mb, which is for x86-64 (package libipsec-mb-dev): use libsrtp"));
}
#endif

}  // namespace

MadeCipher make_cipher(Kind kind, std::size_t contexts) {
  if (kind == Kind::libsrtp) return libsrtp::ReferenceCipher::create(contexts);
  MadeCipher batch = make_batch_cipher(contexts);
  if (batch || kind == Kind::ipsec_mb) return batch;
  return libsrtp::ReferenceCipher::create(contexts);
}

}  // namespace penstock::srtp
