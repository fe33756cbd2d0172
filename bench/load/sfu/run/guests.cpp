#include "bench/load/sfu/run/guests.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/load/sfu/peer/ortc.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {
namespace {

constexpr std::uint64_t kTick_ns = 1'000'000;

}  // namespace

/// One of them. The API's answers may outlive it, so they hold it weakly.
class Guests::Guest final : public peer::Listener, public std::enable_shared_from_this<Guest> {
 public:
  Guest(Guests& guests, peer::Endpoint& endpoint, std::string path)
      : guests_(guests), endpoint_(endpoint), path_(std::move(path)) {
    endpoint_.listen(this);
  }
  ~Guest() override { guests_.loop_.close(&endpoint_); }

  void begin() {
    guests_.api_.submit("PUT", path_, peer::to_ortc(endpoint_.local()),
                        [weak = weak_from_this()](const Answer& answer, std::uint64_t) {
                          if (const auto guest = weak.lock()) guest->programmed(answer);
                        });
  }

  void on_state(peer::State state, std::uint64_t) override {
    if (state == peer::State::connected) {
      ++guests_.tally_.connected;
      guests_.tally_.setup.record(endpoint_.setup_ns());
      leave();
    } else if (state == peer::State::failed || state == peer::State::closed) {
      if (!leaving_) fail(guests_.tally_.failed, endpoint_.failure());
    }
  }
  void on_rtp(const peer::ReceivedRtp&) override {}
  void on_rtcp(const rtp::RtcpCompound&, std::uint64_t) override {}

  bool gone() const { return gone_; }

 private:
  void programmed(const Answer& answer) {
    if (!answer) return fail(guests_.tally_.refused, answer.error());
    const auto remote = peer::from_ortc(answer->value("local", nlohmann::json()));
    if (!remote) return fail(guests_.tally_.refused, remote.error());
    if (auto begun = endpoint_.connect(*remote); !begun) fail(guests_.tally_.failed, begun.error());
  }

  void leave() {
    leaving_ = true;
    guests_.api_.submit("DELETE", path_, nullptr, [weak = weak_from_this()](const Answer&, std::uint64_t) {
      if (const auto guest = weak.lock()) guest->gone_ = true;
    });
  }

  void fail(std::uint64_t& count, const std::string& why) {
    ++count;
    guests_.tally_.last_error = why;
    leave();
  }

  Guests& guests_;
  peer::Endpoint& endpoint_;
  std::string path_;
  bool leaving_ = false;
  bool gone_ = false;
};

Guests::Guests(peer::Loop& loop, ApiThread& api, const Options& options)
    : loop_(loop), api_(api), options_(options), began_ns_(now_ns()), last_ns_(began_ns_) {
  loop_.schedule().add(*this, began_ns_);
}

Guests::~Guests() {
  loop_.schedule().remove(*this);
}

std::uint64_t Guests::run(std::uint64_t now_ns) {
  api_.deliver();
  std::erase_if(guests_, [](const auto& guest) { return guest->gone(); });
  due_ += static_cast<double>(now_ns - last_ns_) / 1e9 * options_.per_second;
  last_ns_ = now_ns;
  for (; due_ >= 1; due_ -= 1) {
    if (guests_.size() < options_.most_at_once) {
      begin_one();
    } else {
      ++tally_.held_back;
    }
  }
  return now_ns + kTick_ns;
}

void Guests::begin_one() {
  auto endpoint = loop_.open(options_.local);
  if (!endpoint) {
    ++tally_.failed;
    tally_.last_error = endpoint.error();
    return;
  }
  ++tally_.begun;
  guests_.push_back(
      std::make_shared<Guest>(*this, **endpoint, fmt::format("{}/endpoints/guest-{}", options_.room_path, number_++)));
  guests_.back()->begin();
}

}  // namespace penstock::load::sfu
