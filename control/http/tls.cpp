#include "control/http/tls.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>

namespace penstock::control::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

// A library of years has learnt the rest: TLS 1.2 and up, no compression, no renegotiation. Without tickets and cache
// a handshake is never cut short, so a client certificate is looked at every time.
void harden(ssl::context& context) {
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_num_tickets(native, 0);
}

error_code use_client_ca(ssl::context& context, const TlsFiles& files) {
  error_code error;
  context.load_verify_file(files.client_ca, error);
  if (error) return error;
  SSL_CTX_set_client_CA_list(context.native_handle(), SSL_load_client_CA_file(files.client_ca.c_str()));
  ssl::verify_mode mode = ssl::verify_peer;
  if (files.client_certificate_required) mode |= ssl::verify_fail_if_no_peer_cert;
  context.set_verify_mode(mode, error);
  return error;
}

tl::unexpected<std::string> refused(std::string_view what, const std::string& file, const error_code& error) {
  return tl::unexpected(fmt::format("cannot use '{}' as {}: {}", file, what, error.message()));
}

tl::expected<std::shared_ptr<ssl::context>, std::string> make_context(const TlsFiles& files) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  harden(*context);
  error_code error;
  // An encrypted key is refused; it must not ask at the terminal.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  context->use_certificate_chain_file(files.certificate, error);
  if (error) return refused("TLS certificate", files.certificate, error);
  context->use_private_key_file(files.key, ssl::context::pem, error);
  if (error) return refused("TLS key", files.key, error);
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    return tl::unexpected(
        fmt::format("the TLS key '{}' does not belong to the certificate '{}'", files.key, files.certificate));
  }
  if (!files.client_ca.empty()) error = use_client_ca(*context, files);
  if (error) return refused("TLS client CA", files.client_ca, error);
  return context;
}

}  // namespace

tl::expected<std::shared_ptr<Tls>, std::string> Tls::load(const TlsFiles& files) {
  std::shared_ptr<Tls> tls(new Tls(files));
  if (auto loaded = tls->reload(); !loaded) return tl::unexpected(loaded.error());
  return tls;
}

tl::expected<void, std::string> Tls::reload() {
  try {
    auto context = make_context(files_);
    if (!context) return tl::unexpected(context.error());
    context_ = std::move(*context);
    return {};
  } catch (const std::exception& error) {
    return tl::unexpected(fmt::format("cannot set up TLS: {}", error.what()));
  }
}

}  // namespace penstock::control::http
