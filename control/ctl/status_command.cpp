#include <fmt/format.h>

#include <iostream>
#include <thread>

#include "control/ctl/commands.h"
#include "control/ctl/status_table.h"
#include "control/http/client.h"

namespace penstock::control::ctl {
namespace {

constexpr std::chrono::seconds kTimeout{5};
constexpr const char* kPath = "/status";

tl::expected<std::string, std::string> two_looks(const std::string& first, const StatusOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(options.interval);
  const auto second = fetch(options.metrics_url, kPath, kTimeout);
  if (!second) return second;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  return status_table(first, *second, passed.count());
}

}  // namespace

tl::expected<std::string, std::string> fetch(const std::string& metrics_url, const std::string& path,
                                             std::chrono::milliseconds timeout) {
  std::string url = metrics_url.find("://") == std::string::npos ? "http://" + metrics_url : metrics_url;
  while (url.ends_with('/')) url.pop_back();
  auto answer = http::get(url + path, timeout);
  if (!answer) return tl::unexpected(answer.error() + "; is penstockd running, and is this its --metrics address?");
  if (answer->status != 200) return tl::unexpected(fmt::format("{}{} answers {}", url, path, answer->status));
  return std::move(answer->body);
}

int status(const StatusOptions& options) {
  const auto answer = fetch(options.metrics_url, kPath, kTimeout);
  auto shown = answer;
  if (answer && !options.json && !options.quiet) shown = two_looks(*answer, options);
  if (!shown) {
    if (!options.quiet) std::cerr << "penstockctl: " << shown.error() << '\n';
    return 1;
  }
  if (!options.quiet) std::cout << *shown;
  return state_of(*answer) == "ready" ? 0 : 1;
}

}  // namespace penstock::control::ctl
