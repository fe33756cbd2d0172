#pragma once
// Calls of the control API on a thread of their own, so that media does not wait for their answers.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/sfu/rooms/api_client.h"

namespace penstock::load::sfu {

using Answer = tl::expected<nlohmann::json, std::string>;

class ApiThread {
 public:
  /// What to do with the answer; `took_ns` is the call's time, waiting in this queue aside.
  using Done = std::function<void(const Answer& answer, std::uint64_t took_ns)>;

  explicit ApiThread(ApiClient api);
  /// Ends after the call under way; what waits is dropped.
  ~ApiThread();

  /// `body` null: none.
  void submit(std::string method, std::string path, nlohmann::json body, Done done);
  /// Hands over the answers that came, on the caller's thread.
  void deliver();
  std::size_t waiting();

 private:
  struct Job {
    std::string method, path;
    nlohmann::json body;
    Done done;
  };
  struct Result {
    Done done;
    Answer answer;
    std::uint64_t took_ns;
  };
  void work();

  ApiClient api_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::vector<Result> results_;
  bool ending_ = false;
  std::thread thread_;  ///< the last member: it uses the others
};

}  // namespace penstock::load::sfu
