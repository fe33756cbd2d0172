#include "bench/load/sfu/run/changes.h"

#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {
namespace {

constexpr std::uint64_t kTick_ns = 1'000'000;
constexpr std::size_t kMostWaiting = 64;

}  // namespace

Changes::Changes(peer::Schedule& schedule, ApiThread& api, ChangeOptions options)
    : schedule_(schedule), api_(api), options_(std::move(options)), last_ns_(now_ns()) {
  schedule_.add(*this, last_ns_);
}

Changes::~Changes() {
  schedule_.remove(*this);
}

std::uint64_t Changes::run(std::uint64_t now_ns) {
  api_.deliver();
  due_ += static_cast<double>(now_ns - last_ns_) / 1e9 * options_.per_second;
  last_ns_ = now_ns;
  for (; due_ >= 1; due_ -= 1) {
    if (api_.waiting() >= kMostWaiting) continue;  // it is as fast as it gets
    const std::uint64_t number = number_++;
    api_.submit("PATCH", options_.paths[number % options_.paths.size()], options_.body(number),
                [this](const Answer& answer, std::uint64_t took_ns) {
                  if (answer) {
                    ++tally_.done;
                    tally_.took.record(took_ns);
                  } else {
                    ++tally_.refused;
                    tally_.last_error = answer.error();
                  }
                });
  }
  return now_ns + kTick_ns;
}

}  // namespace penstock::load::sfu
