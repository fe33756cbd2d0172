#pragma once
// Who endpoints are: one certificate and DTLS set-up for all of a process, and random names for each.

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "control/dtls/certificate.h"
#include "control/dtls/context.h"

namespace penstock::load::peer {

/// A fresh ECDSA P-256 certificate with the DTLS context that shows it. Outlives the endpoints.
class Identity {
 public:
  /// `srtp_profiles` as control::dtls::Context has them; empty: all.
  static tl::expected<Identity, std::string> generate(const std::string& srtp_profiles = {});

  const control::dtls::Context& context() const { return context_; }
  const control::dtls::Fingerprint& fingerprint() const { return fingerprint_; }

 private:
  Identity(control::dtls::Context context, const control::dtls::Fingerprint& fingerprint)
      : context_(std::move(context)), fingerprint_(fingerprint) {}

  control::dtls::Context context_;
  control::dtls::Fingerprint fingerprint_;
};

/// `length` letters and digits: for ICE user fragments (4 to 256 characters) and passwords (22 to 256), RFC 8839
/// section 5.4.
std::string random_text(std::size_t length);
std::uint64_t random_number();

}  // namespace penstock::load::peer
