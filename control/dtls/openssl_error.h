#pragma once
// OpenSSL's queue of errors, as a word for people.

#include <string>

namespace penstock::control::dtls {

/// The reason of the oldest error of this thread, and empties the queue; "unknown error" when there is none.
std::string take_openssl_error();

}  // namespace penstock::control::dtls
