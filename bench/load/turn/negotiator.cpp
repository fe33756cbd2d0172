#include "bench/load/turn/negotiator.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "dataplane/stun/message.h"

namespace penstock::load {
namespace {

/// RFC 8489 section 6.2.1: RTO 500 ms, doubled each time, seven requests in all, 16 RTO after the last.
constexpr std::uint64_t kFirstTimeoutNs = 500'000'000;
constexpr unsigned kMostTransmissions = 7;
constexpr std::uint64_t kLastTimeoutNs = 16 * kFirstTimeoutNs;
/// A second 401 or 438 can be a nonce that went stale under way; a third means the credentials are wrong.
constexpr unsigned kMostChallenges = 2;
constexpr std::uint64_t kScanIntervalNs = 10'000'000;
constexpr std::size_t kLargestRequest = 1024;

}  // namespace

std::string NegotiationTally::complaint() const {
  std::string text;
  for (const auto& [code, count] : refusals) text += fmt::format("{} refused with {}, ", count, code);
  return text + fmt::format("{} without an answer", timed_out);
}

Negotiator::Negotiator(std::span<TurnClient> clients, Send send, unsigned concurrency)
    : clients_(clients),
      send_(std::move(send)),
      concurrency_(concurrency),
      run_(std::random_device{}()),
      progress_(clients.size()) {}

void Negotiator::start(std::vector<Request> program) {
  begin(std::move(program), false);
}

void Negotiator::start_endless(std::vector<Request> program) {
  begin(std::move(program), true);
}

void Negotiator::begin(std::vector<Request> program, bool endless) {
  program_ = std::move(program);
  endless_ = endless;
  waiting_ = clients_.size();
  next_ = 0;
  tally_ = {};
}

void Negotiator::advance(std::uint64_t now_ns) {
  begin_next(now_ns);
  if (now_ns < next_scan_ns_) return;
  next_scan_ns_ = now_ns + kScanIntervalNs;
  for (std::size_t i = 0; i < active_.size();) {
    const std::uint32_t client = active_[i];
    const Progress& progress = progress_[client];
    if (now_ns < progress.deadline_ns) {
      ++i;
    } else if (progress.sent == kMostTransmissions) {
      end(client, Ending::timed_out);
    } else {
      ++tally_.retransmissions;
      transmit(client, now_ns);
      ++i;
    }
  }
}

void Negotiator::begin_next(std::uint64_t now_ns) {
  while (waiting_ > 0 && active_.size() < concurrency_) {
    const std::uint32_t client = next_;
    if (progress_[client].under_way) return;  // an endless run has come around to one that still waits
    next_ = (next_ + 1) % static_cast<std::uint32_t>(clients_.size());
    if (!endless_) --waiting_;
    if (program_.front() == Request::allocate) clients_[client].forget_nonce();
    progress_[client] = {.under_way = true};
    active_.push_back(client);
    send_new(client, now_ns);
  }
}

void Negotiator::send_new(std::uint32_t client, std::uint64_t now_ns) {
  Progress& progress = progress_[client];
  progress.serial = ++serial_;
  progress.sent = 0;
  ++tally_.requests;
  transmit(client, now_ns);
}

void Negotiator::transmit(std::uint32_t client, std::uint64_t now_ns) {
  Progress& progress = progress_[client];
  std::array<std::uint8_t, kLargestRequest> buffer;
  const std::size_t bytes = clients_[client].write(program_[progress.step], transaction_id(client), buffer);
  send_(client, {buffer.data(), bytes});
  const bool last = progress.sent + 1 == kMostTransmissions;
  progress.deadline_ns = now_ns + (last ? kLastTimeoutNs : kFirstTimeoutNs << progress.sent);
  ++progress.sent;
}

void Negotiator::input(stun::Bytes datagram, std::uint64_t now_ns) {
  const auto message = stun::MessageView::parse(datagram);
  if (!message) return;
  const auto id = message->transaction_id();
  const std::uint32_t client = stun::load_be32(&id[4]);
  if (stun::load_be32(&id[0]) != run_ || client >= progress_.size()) return;
  Progress& progress = progress_[client];
  if (!progress.under_way || stun::load_be32(&id[8]) != progress.serial) return;

  switch (clients_[client].read(program_[progress.step], *message)) {
    case TurnClient::Answer::success:
      if (++progress.step == program_.size()) return end(client, Ending::completed);
      progress.challenges = 0;
      return send_new(client, now_ns);
    case TurnClient::Answer::challenge:
      if (++progress.challenges > kMostChallenges) return end(client, Ending::refused);
      return send_new(client, now_ns);
    case TurnClient::Answer::refused:
      return end(client, Ending::refused);
  }
}

void Negotiator::end(std::uint32_t client, Ending ending) {
  progress_[client].under_way = false;
  std::erase(active_, client);
  if (ending == Ending::completed) ++tally_.completed;
  if (ending == Ending::timed_out) ++tally_.timed_out;
  if (ending == Ending::refused) {
    ++tally_.refused;
    ++tally_.refusals[clients_[client].last_error()];
  }
}

stun::TransactionId Negotiator::transaction_id(std::uint32_t client) const {
  stun::TransactionId id;
  stun::store_be32(&id[0], run_);
  stun::store_be32(&id[4], client);
  stun::store_be32(&id[8], progress_[client].serial);
  return id;
}

}  // namespace penstock::load
