#pragma once
// penstockctl's commands about rooms. Each prints and returns the exit code.

#include <chrono>
#include <cstdint>
#include <string>

namespace penstock::control::ctl {

/// How the control API is reached.
struct ApiAddress {
  std::string url = "http://127.0.0.1:8080";  ///< http:// or https://, or the path of a Unix socket
  std::string token;                          ///< empty: PENSTOCK_TOKEN of the environment, if there is one
};

struct RoomsOptions {
  ApiAddress api;
  std::string room, endpoint;
  bool json = false;
};
/// Every room, a line each. 1: there is no answer.
int rooms(const RoomsOptions& options);
/// Of a room.
int endpoints(const RoomsOptions& options);
/// Of an endpoint: what it publishes, and what it is sent.
int subscriptions(const RoomsOptions& options);

struct TopOptions {
  ApiAddress api;
  std::chrono::milliseconds interval{1000};
  std::uint64_t count = 0;  ///< looks; 0: until interrupted
};
/// Live rates per worker and room, the busiest first.
int top(const TopOptions& options);

}  // namespace penstock::control::ctl
