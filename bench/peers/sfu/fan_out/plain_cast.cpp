#include "bench/peers/sfu/fan_out/plain_cast.h"

#include <fmt/format.h>
#include <netinet/udp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "bench/load/turn/clock.h"
#include "bench/peers/turn/train_gatherer.h"

namespace penstock::peers {
namespace {

constexpr int kBufferBytes = 4 << 20;
constexpr unsigned kBurstsPerSocket = 4;

tl::expected<std::vector<load::UdpSocket>, std::string> sockets(unsigned count, const net::Address& address) {
  std::vector<load::UdpSocket> opened;
  for (unsigned i = 0; i < count; ++i) {
    auto socket = load::UdpSocket::bind({address, 0}, {.gro = true, .buffer_bytes = kBufferBytes});
    if (!socket) return tl::unexpected(socket.error());
    opened.push_back(std::move(*socket));
  }
  return opened;
}

nlohmann::json endpoints_of(const std::vector<load::UdpSocket>& sockets) {
  auto list = nlohmann::json::array();
  for (const auto& socket : sockets) list.push_back(net::to_string(socket.local()));
  return list;
}

}  // namespace

PlainCast::PlainCast(const CastOptions& options)
    : Cast(options), inbox_(true, 0), frame_(options.shape.packets * options.shape.packet_bytes) {
  for (unsigned i = 0; i < options.publishers; ++i) videos_.emplace_back(0x1000 + i, options.shape);
}

PlainCast::~PlainCast() {
  if (epoll_ >= 0) ::close(epoll_);
}

tl::expected<std::unique_ptr<Cast>, std::string> PlainCast::open(const CastOptions& options) {
  std::unique_ptr<PlainCast> cast(new PlainCast(options));
  auto publishers = sockets(options.publishers, options.address);
  if (!publishers) return tl::unexpected(publishers.error());
  cast->publishers_ = std::move(*publishers);
  auto receivers = sockets(options.receivers, options.address);
  if (!receivers) return tl::unexpected(receivers.error());
  cast->receivers_ = std::move(*receivers);
  if (auto watched = cast->watch(); !watched) return tl::unexpected(watched.error());
  return cast;
}

tl::expected<void, std::string> PlainCast::watch() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, receivers_[i].fd(), &event) != 0) {
      return tl::unexpected(fmt::format("epoll: {}", std::strerror(errno)));
    }
  }
  return {};
}

nlohmann::json PlainCast::describe() const {
  return {{"publishers", endpoints_of(publishers_)}, {"receivers", endpoints_of(receivers_)}};
}

tl::expected<nlohmann::json, std::string> PlainCast::signal(const nlohmann::json& command) {
  const auto targets = command.value("publishers", std::vector<std::string>{});
  if (command.value("do", "") != "connect" || targets.size() != publishers_.size()) {
    return tl::unexpected(fmt::format("plain RTP: expected connect with {} publishers", publishers_.size()));
  }
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto target = net::parse_endpoint(targets[i], 0);
    if (!target || target->port == 0) return tl::unexpected("no address and port: " + targets[i]);
    if (auto done = publishers_[i].connect(*target); !done) return tl::unexpected(done.error());
  }
  connected_ = true;
  return nlohmann::json::object();
}

void PlainCast::send_frame(unsigned publisher, std::uint64_t now_ns) {
  Video& video = videos_[publisher];
  video.begin_frame(now_ns);
  const auto& shape = video.shape();
  for (unsigned i = 0; i < shape.packets; ++i) {
    std::uint8_t* packet = frame_.data() + i * shape.packet_bytes;
    rtp::write_fixed_header(std::span<std::uint8_t, rtp::kFixedHeaderBytes>(packet, rtp::kFixedHeaderBytes),
                            video.header(i));
    video.write_payload(i, now_ns, packet + rtp::kFixedHeaderBytes);
  }
  alignas(cmsghdr) std::array<std::uint8_t, 64> control{};
  iovec slice{frame_.data(), frame_.size()};
  msghdr header{};
  header.msg_iov = &slice;
  header.msg_iovlen = 1;
  if (shape.packets > 1) set_segment(header, control.data(), static_cast<std::uint16_t>(shape.packet_bytes));
  if (sendmsg(publishers_[publisher].fd(), &header, MSG_DONTWAIT) < 0) refused_ += shape.packets;
}

void PlainCast::turn() {
  std::array<epoll_event, 64> events;
  const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < ready; ++i) {
    const std::uint32_t receiver = events[i].data.u32;
    const std::uint64_t now_ns = load::now_ns();
    inbox_.drain(receivers_[receiver].fd(), kBurstsPerSocket,
                 [&](rtp::Bytes packet, std::size_t) { take(receiver, packet, now_ns); });
  }
}

void PlainCast::take(unsigned receiver, rtp::Bytes packet, std::uint64_t now_ns) {
  const auto header = rtp::parse_header(packet);
  if (!header || rtp::is_rtcp(packet)) return;
  if (const auto sent = sent_ns(packet)) {
    arrivals_.note(receiver, *sent, now_ns);
  } else {
    arrivals_.note_unstamped();
  }
}

nlohmann::json PlainCast::findings() const {
  std::uint64_t drops = 0;
  for (const auto& socket : receivers_) drops += socket.receive_drops();
  return {{"receiver_drops", drops}, {"refused_sends", refused_}};
}

}  // namespace penstock::peers
