#include "control/dtls/openssl_error.h"

#include <openssl/err.h>

namespace penstock::control::dtls {

std::string take_openssl_error() {
  const unsigned long error = ERR_peek_error();
  const char* reason = ERR_reason_error_string(error);
  std::string text = reason != nullptr ? reason : "unknown error";
  ERR_clear_error();
  return text;
}

}  // namespace penstock::control::dtls
