#include "control/credentials/credentials.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <nlohmann/json.hpp>

namespace penstock::control {
namespace {

std::string base64(const unsigned char* bytes, unsigned size) {
  std::string out(4 * ((size + 2) / 3) + 1, '\0');  // EVP_EncodeBlock adds a zero
  out.resize(static_cast<std::size_t>(
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, static_cast<int>(size))));
  return out;
}

}  // namespace

Credential make_credential(std::string_view secret, std::string_view name, std::uint64_t expires_at,
                           CredentialHash hash) {
  Credential made;
  made.user_name = name.empty() ? fmt::format("{}", expires_at) : fmt::format("{}:{}", expires_at, name);
  std::array<unsigned char, EVP_MAX_MD_SIZE> tag{};
  unsigned size = 0;
  HMAC(hash == CredentialHash::sha1 ? EVP_sha1() : EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(made.user_name.data()), made.user_name.size(), tag.data(), &size);
  made.password = base64(tag.data(), size);
  return made;
}

std::string ice_servers_json(const Credential& credential, const std::vector<std::string>& urls) {
  const nlohmann::ordered_json server = {
      {"urls", urls}, {"username", credential.user_name}, {"credential", credential.password}};
  return nlohmann::ordered_json{{"iceServers", {server}}}.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace penstock::control
