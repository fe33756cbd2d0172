#include "control/dtls/failure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "control/dtls/openssl_error.h"

namespace penstock::control::dtls {
namespace {

Result result_of(int reason) {
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return Result::no_certificate;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_UNSUPPORTED_SSL_VERSION:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_WRONG_CURVE:
    case SSL_R_WRONG_SIGNATURE_TYPE:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_EE_KEY_TOO_SMALL:
      return Result::no_common_cipher;
    default:
      return Result::protocol_error;
  }
}

}  // namespace

std::string describe_alert(int description) {
  return SSL_alert_desc_string_long(description);
}

Failure take_failure(int error) {
  if (error == SSL_ERROR_ZERO_RETURN) {
    ERR_clear_error();
    return {Result::alert, describe_alert(SSL_AD_CLOSE_NOTIFY)};
  }
  const unsigned long first = ERR_peek_error();
  const int reason = ERR_GET_LIB(first) == ERR_LIB_SSL ? ERR_GET_REASON(first) : 0;
  if (reason >= SSL_AD_REASON_OFFSET) {  // the peer's fatal alert, by its number
    ERR_clear_error();
    return {Result::alert, describe_alert(reason - SSL_AD_REASON_OFFSET)};
  }
  return {result_of(reason), take_openssl_error()};
}

}  // namespace penstock::control::dtls
