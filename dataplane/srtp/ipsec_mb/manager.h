#pragma once
// ipsec-mb's manager: the functions for this CPU, and the queue of multi-buffer jobs. One per thread.

#ifndef NO_COMPAT_IMB_API_053
#define NO_COMPAT_IMB_API_053  // names of old versions, which are macros and clash with OpenSSL's
#endif
#include <intel-ipsec-mb.h>

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::srtp::ipsec_mb {

struct ManagerDeleter {
  void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
};

struct Manager {
  std::unique_ptr<IMB_MGR, ManagerDeleter> functions;
  std::string_view implementation;  ///< "ipsec-mb AVX512"
};

/// The best code for this CPU; an error when it lacks AES-NI or PCLMULQDQ, where ipsec-mb would emulate them, slowly.
tl::expected<Manager, std::string> make_manager();

}  // namespace penstock::srtp::ipsec_mb
