#include "dataplane/srtp/ipsec_mb/manager.h"

namespace penstock::srtp::ipsec_mb {
namespace {

std::string_view name_of(IMB_ARCH architecture) {
  switch (architecture) {
    case IMB_ARCH_SSE:
      return "ipsec-mb SSE";
    case IMB_ARCH_AVX:
      return "ipsec-mb AVX";
    case IMB_ARCH_AVX2:
      return "ipsec-mb AVX2";
    case IMB_ARCH_AVX512:
      return "ipsec-mb AVX512";
    default:
      return "ipsec-mb";
  }
}

}  // namespace

tl::expected<Manager, std::string> make_manager() {
  Manager manager;
  manager.functions.reset(alloc_mb_mgr(0));
  if (manager.functions == nullptr) return tl::unexpected(std::string("no memory for ipsec-mb's manager"));
  constexpr std::uint64_t kNeeded = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  if ((manager.functions->features & kNeeded) != kNeeded) {
    return tl::unexpected(std::string("ipsec-mb needs a CPU with AES-NI and PCLMULQDQ: use libsrtp on this one"));
  }
  IMB_ARCH architecture = IMB_ARCH_NONE;
  init_mb_mgr_auto(manager.functions.get(), &architecture);
  if (const int error = imb_get_errno(manager.functions.get()); error != 0) {
    return tl::unexpected(std::string("ipsec-mb does not start: ") + imb_get_strerror(error) + "; use libsrtp");
  }
  manager.implementation = name_of(architecture);
  return manager;
}

}  // namespace penstock::srtp::ipsec_mb
