#pragma once
// The relay's control API over one connection that is kept: JSON in, JSON out. Blocking, for one thread.

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::load::sfu {

class ApiClient {
 public:
  /// `base`: "http://127.0.0.1:8080" or "http+unix://%2Frun%2Fpenstock%2Fapi.sock". Nothing is sent yet. The error says
  /// what is wrong with it.
  static tl::expected<ApiClient, std::string> create(const std::string& base);
  ApiClient(ApiClient&&) noexcept;
  ApiClient& operator=(ApiClient&&) noexcept;
  ~ApiClient();

  /// The answer's body; null if it has none. Waits ten seconds at most. An answer that is not 2xx is an error that
  /// tells the problem's detail; a connection that broke is opened again once.
  tl::expected<nlohmann::json, std::string> call(std::string_view method, const std::string& path,
                                                 const nlohmann::json* body = nullptr);
  tl::expected<nlohmann::json, std::string> put(const std::string& path, const nlohmann::json& body) {
    return call("PUT", path, &body);
  }
  tl::expected<nlohmann::json, std::string> remove(const std::string& path) { return call("DELETE", path); }

  const std::string& base() const { return base_; }

 private:
  struct Connection;
  ApiClient(std::string base, std::unique_ptr<Connection> connection);

  std::string base_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace penstock::load::sfu
