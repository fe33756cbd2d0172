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
/// What the penstockd whose metrics listener that is answers to `path`: "/status", "/ports".
tl::expected<std::string, std::string> fetch(const std::string& metrics_url, const std::string& path,
                                             std::chrono::milliseconds timeout);

/// 0: ready; 1: there is no answer, or it starts or drains.
int status(const StatusOptions& options);

struct PortsOptions {
  std::string metrics_url = StatusOptions{}.metrics_url;
  bool json = false;
};
/// 1: there is no answer.
int ports(const PortsOptions& options);

}  // namespace penstock::control::ctl
