#include <algorithm>
#include <array>

#include "control/sdp/read_attribute.h"
#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

constexpr std::size_t kMostFingerprints = 8;
constexpr std::size_t kMostIceOptions = 16;

/// RFC 8839 section 5.4: ice-char.
bool is_ice_text(std::string_view text, std::size_t least, std::size_t most) {
  const auto is_ice_character = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
  };
  return text.size() >= least && text.size() <= most && std::ranges::all_of(text, is_ice_character);
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// "AB:CD:..." (RFC 8122 section 5), in upper case already.
bool is_digest(std::string_view text) {
  if (text.size() % 3 != 2 || text.size() > 3 * 64) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'A' && text[i] <= 'F');
    if (i % 3 == 2 ? text[i] != ':' : !hex) return false;
  }
  return true;
}

using ReadTransport = Outcome (*)(std::string_view, Transport&);
struct Entry {
  std::string_view name;
  ReadTransport read;
};
constexpr std::array kAttributes{
    Entry{"ice-ufrag", read_ice_ufrag},     Entry{"ice-pwd", read_ice_pwd}, Entry{"ice-options", read_ice_options},
    Entry{"fingerprint", read_fingerprint}, Entry{"setup", read_setup},
};

}  // namespace

Outcome read_ice_ufrag(std::string_view value, Transport& transport) {
  if (!is_ice_text(value, 4, 256)) return wrong("a=ice-ufrag is not 4 to 256 letters, digits, '+' and '/'");
  transport.ice_ufrag = value;
  return {};
}

Outcome read_ice_pwd(std::string_view value, Transport& transport) {
  if (!is_ice_text(value, 22, 256)) return wrong("a=ice-pwd is not 22 to 256 letters, digits, '+' and '/'");
  transport.ice_pwd = value;
  return {};
}

Outcome read_ice_options(std::string_view value, Transport& transport) {
  for (const std::string_view option : words(value)) {
    if (transport.ice_options.size() == kMostIceOptions) return wrong("too many a=ice-options");
    transport.ice_options.emplace_back(option);
  }
  return {};
}

Outcome read_fingerprint(std::string_view value, Transport& transport) {
  const std::string_view algorithm = cut(value, ' ');
  Fingerprint fingerprint{std::string(algorithm), std::string(trimmed(value))};
  std::ranges::transform(fingerprint.digest, fingerprint.digest.begin(), upper);
  std::ranges::transform(fingerprint.algorithm, fingerprint.algorithm.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  if (!is_token(algorithm) || !is_digest(fingerprint.digest)) {
    return wrong("a=fingerprint is not HASH AB:CD:...");
  }
  if (transport.fingerprints.size() == kMostFingerprints) return wrong("too many a=fingerprint lines");
  transport.fingerprints.push_back(std::move(fingerprint));
  return {};
}

Outcome read_setup(std::string_view value, Transport& transport) {
  for (const Setup setup : {Setup::active, Setup::passive, Setup::actpass, Setup::holdconn}) {
    if (value != to_string(setup)) continue;
    transport.setup = setup;
    return {};
  }
  return wrong("a=setup has no role in " + quoted(value));
}

tl::expected<bool, std::string> read_transport_attribute(std::string_view name, std::string_view value,
                                                         Transport& transport) {
  const auto entry = std::ranges::find(kAttributes, name, &Entry::name);
  if (entry == kAttributes.end()) return false;
  if (const auto read = entry->read(value, transport); !read) return tl::unexpected(read.error());
  return true;
}

}  // namespace penstock::control::sdp
