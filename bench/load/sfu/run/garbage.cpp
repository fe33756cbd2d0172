#include "bench/load/sfu/run/garbage.h"

#include <algorithm>
#include <array>

#include "bench/load/sfu/peer/identity.h"
#include "bench/load/sfu/peer/train.h"
#include "bench/load/turn/clock.h"
#include "dataplane/net/bytes.h"
#include "dataplane/stun/builder.h"

namespace penstock::load::sfu {
namespace {

constexpr std::uint64_t kTick_ns = 1'000'000;
constexpr unsigned kStrangers = 8;
constexpr std::size_t kNoiseBytes = 200;
/// What was not sent for want of time is not made up for.
constexpr double kMostBehind = 1000;

std::vector<std::uint8_t> noise(std::size_t bytes) {
  std::vector<std::uint8_t> out(bytes);
  for (auto& byte : out) byte = static_cast<std::uint8_t>(peer::random_number());
  return out;
}

std::vector<std::uint8_t> forged_check(const std::string& ufrag) {
  std::vector<std::uint8_t> out(256);
  stun::TransactionId id;
  std::ranges::copy(noise(id.size()), id.begin());
  const stun::HmacSha1 wrong_key(stun::bytes_of("not the password of that endpoint"));
  const auto size = stun::MessageBuilder(out, stun::Method::binding, stun::Class::request, id)
                        .username(ufrag + ":load")
                        .priority(1)
                        .ice_controlling(peer::random_number())
                        .use_candidate()
                        .message_integrity(wrong_key)
                        .fingerprint()
                        .finish();
  out.resize(size.value_or(0));
  return out;
}

/// RFC 6347 section 4.1: a handshake record, or application data of a later epoch.
std::vector<std::uint8_t> dtls_record(bool handshake) {
  auto out = noise(kNoiseBytes);
  const std::array<std::uint8_t, 5> head{static_cast<std::uint8_t>(handshake ? 22 : 23), 0xfe, 0xfd, 0,
                                         static_cast<std::uint8_t>(handshake ? 0 : 1)};
  std::ranges::copy(head, out.begin());
  net::store_be16(out.data() + 11, kNoiseBytes - 13);
  if (handshake) out[13] = 1;  // ClientHello
  return out;
}

std::vector<std::uint8_t> rtp_packet() {
  auto out = noise(kNoiseBytes);
  out[0] = 0x80;
  out[1] = 96;
  return out;
}

}  // namespace

tl::expected<std::unique_ptr<Garbage>, std::string> Garbage::start(peer::Schedule& schedule, const Options& options) {
  std::unique_ptr<Garbage> garbage(new Garbage(schedule, options));
  for (unsigned i = 0; i < kStrangers; ++i) {
    auto socket = UdpSocket::bind(options.from, {});
    if (!socket) return tl::unexpected(socket.error());
    if (auto connected = socket->connect(options.to); !connected) return tl::unexpected(connected.error());
    garbage->strangers_.push_back(std::move(*socket));
  }
  garbage->build();
  garbage->last_ns_ = now_ns();
  schedule.add(*garbage, garbage->last_ns_);
  return garbage;
}

Garbage::~Garbage() {
  schedule_.remove(*this);
}

void Garbage::build() {
  for (unsigned i = 0; i < kTrains; ++i) {
    std::vector<std::uint8_t> train;
    for (unsigned j = 0; j < kTrain; ++j) {
      const auto datagram = options_.kind == GarbageKind::stun   ? forged_check(options_.ufrag)
                            : options_.kind == GarbageKind::dtls ? dtls_record(j % 2 == 0)
                                                                 : rtp_packet();
      datagram_bytes_ = datagram.size();
      train.insert(train.end(), datagram.begin(), datagram.end());
    }
    trains_.push_back(std::move(train));
  }
}

std::uint64_t Garbage::run(std::uint64_t now_ns) {
  due_ = std::min(due_ + static_cast<double>(now_ns - last_ns_) / 1e9 * options_.per_second, kMostBehind);
  last_ns_ = now_ns;
  for (; due_ >= kTrain; due_ -= kTrain, ++turn_) {
    const bool inside = options_.insider != nullptr && turn_ % 2 == 1;
    const int fd = inside ? options_.insider->socket().fd() : strangers_[turn_ / 2 % strangers_.size()].fd();
    send_train(fd, trains_[turn_ % trains_.size()]);
  }
  return now_ns + kTick_ns;
}

void Garbage::send_train(int fd, std::vector<std::uint8_t>& train) {
  iovec whole{train.data(), train.size()};
  if (peer::send_train(fd, {&whole, 1}, datagram_bytes_)) {
    sent_ += kTrain;
    return;
  }
  for (std::size_t at = 0; at < train.size();
       at += datagram_bytes_) {  // no UDP_SEGMENT here, or an ICMP error was told
    iovec one{train.data() + at, datagram_bytes_};
    if (peer::send_train(fd, {&one, 1}, datagram_bytes_)) ++sent_;
  }
}

}  // namespace penstock::load::sfu
