#pragma once
// Certificates of a TLS listener.

#include <memory>
#include <string>
#include <tl/expected.hpp>

namespace boost::asio::ssl {
class context;
}

namespace penstock::control::http {

struct TlsFiles {
  std::string certificate;                   ///< PEM: the server's certificate, then the chain
  std::string key;                           ///< PEM, without a passphrase
  std::string client_ca{};                   ///< PEM; set: client certificates are asked for, and verified against it
  bool client_certificate_required = false;  ///< else a client may come without one (and show a token)
};

/// TLS 1.2 and 1.3. Connections keep what they began with; new ones take what was loaded last.
class Tls {
 public:
  /// The error names the file and what is wrong with it.
  static tl::expected<std::shared_ptr<Tls>, std::string> load(const TlsFiles& files);
  /// Reads the same files again. On an error everything stays as it was.
  tl::expected<void, std::string> reload();
  /// What the next connection uses.
  std::shared_ptr<boost::asio::ssl::context> context() const { return context_; }

 private:
  explicit Tls(TlsFiles files) : files_(std::move(files)) {}

  TlsFiles files_;
  std::shared_ptr<boost::asio::ssl::context> context_;
};

}  // namespace penstock::control::http
