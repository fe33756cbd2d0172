#include "bench/load/sfu/peer/identity.h"

#include <random>
#include <string_view>

#include "control/dtls/session.h"

namespace penstock::load::peer {
namespace {

/// Guessing is nobody's interest here, and a run of ten thousand endpoints should not wait for the kernel's generator.
std::mt19937_64& generator() {
  static thread_local std::mt19937_64 generator{std::random_device{}()};
  return generator;
}

}  // namespace

tl::expected<Identity, std::string> Identity::generate(const std::string& srtp_profiles) {
  auto certificate = control::dtls::Certificate::generate();
  if (!certificate) return tl::unexpected(certificate.error());
  auto context = control::dtls::Context::create(*certificate, control::dtls::Session::judge, srtp_profiles);
  if (!context) return tl::unexpected(context.error());
  return Identity(std::move(*context), certificate->fingerprint());
}

std::string random_text(std::size_t length) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::uniform_int_distribution<std::size_t> any(0, kLetters.size() - 1);
  std::string text(length, ' ');
  for (char& letter : text) letter = kLetters[any(generator())];
  return text;
}

std::uint64_t random_number() {
  return generator()();
}

}  // namespace penstock::load::peer
