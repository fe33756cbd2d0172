#pragma once
// penstockctl's commands. Each prints and returns the exit code.

#include <chrono>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace penstock::control::ctl {

struct CredentialsOptions {
  std::string secret;
  std::string config_file;  ///< its first secret is used
  std::string user;
  std::uint64_t ttl_s = 3600;
  bool sha256 = false;
  bool json = false;
  std::vector<std::string> urls;  ///< none: those of the running penstockd, else what the configuration says
};
int credentials(const CredentialsOptions& options);

struct StatusOptions {
  std::string metrics_url = "http://127.0.0.1:9641";
  std::chrono::milliseconds interval{1000};  ///< between the two looks that rates are made of
  bool json = false;
  bool quiet = false;  ///< the exit code alone
};
/// /status of the penstockd whose metrics listener that is.
tl::expected<std::string, std::string> fetch_status(const std::string& metrics_url, std::chrono::milliseconds timeout);

/// 0: ready; 1: there is no answer, or it starts or drains.
int status(const StatusOptions& options);

}  // namespace penstock::control::ctl
