#include "bench/load/sfu/peer/inbox.h"

#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

#include "bench/load/sfu/peer/endpoint.h"
#include "bench/load/turn/clock.h"
#include "dataplane/stun/demultiplex.h"

namespace penstock::load::peer {

Inbox::Inbox(srtp::Cipher& cipher)
    : cipher_(cipher),
      trains_(std::make_unique<std::uint8_t[]>(kTrains * kTrainBytes)),
      plain_(std::make_unique<std::uint8_t[]>(kTrains * kTrainBytes)) {
  jobs_.reserve(srtp::kMaxBatch);
  pending_.reserve(srtp::kMaxBatch);
}

void Inbox::receive(Endpoint& at) {
  if (used_ + kTrainsPerRead > kTrains) flush();
  for (unsigned i = 0; i < kTrainsPerRead; ++i) {
    slices_[i] = {trains_.get() + (used_ + i) * kTrainBytes, kTrainBytes};
    headers_[i] = {};
    headers_[i].msg_hdr.msg_iov = &slices_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_control = control_[i].data();
    headers_[i].msg_hdr.msg_controllen = sizeof(Control);
  }
  const int got = recvmmsg(at.socket().fd(), headers_.data(), kTrainsPerRead, MSG_DONTWAIT, nullptr);
  if (got <= 0) return;  // an ICMP error was queued, and is cleared by this
  const std::uint64_t now = now_ns();
  const unsigned first = used_;
  used_ += static_cast<unsigned>(got);
  for (unsigned i = 0; i < static_cast<unsigned>(got); ++i) {
    const std::size_t segment = segment_bytes(i);
    split(at, first + i, headers_[i].msg_len, segment, now);
  }
}

std::size_t Inbox::segment_bytes(unsigned message) {
  msghdr& header = headers_[message].msg_hdr;
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr; control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level != IPPROTO_UDP || control->cmsg_type != UDP_GRO) continue;
    int bytes = 0;
    std::memcpy(&bytes, CMSG_DATA(control), sizeof bytes);
    return bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }
  return 0;
}

void Inbox::split(Endpoint& at, unsigned train, std::size_t bytes, std::size_t segment, std::uint64_t now_ns) {
  std::uint8_t* data = trains_.get() + train * kTrainBytes;
  while (bytes > 0) {
    const std::size_t size = segment == 0 ? bytes : std::min(bytes, segment);
    take(at, {data, size}, now_ns);
    data += size;
    bytes -= size;
  }
}

void Inbox::take(Endpoint& at, std::span<std::uint8_t> datagram, std::uint64_t now_ns) {
  ++tally_.datagrams;
  switch (stun::classify(datagram)) {
    case stun::PacketKind::stun:
      return at.take_stun(datagram, now_ns);
    case stun::PacketKind::dtls:
      return at.take_dtls(datagram, now_ns);
    case stun::PacketKind::rtp:
      return rtp::is_rtcp(datagram) ? take_rtcp(at, datagram, now_ns) : take_rtp(at, datagram, now_ns);
    default:
      ++tally_.malformed;
  }
}

void Inbox::take_rtp(Endpoint& at, std::span<std::uint8_t> datagram, std::uint64_t now_ns) {
  const auto header = rtp::parse_header(datagram);
  if (!header) {
    ++tally_.malformed;
    return;
  }
  if (!at.profile()) {
    ++tally_.without_keys;
    return;
  }
  const std::size_t trailer = srtp::tag_bytes(*at.profile());
  if (datagram.size() < header->header_bytes + trailer) {
    ++tally_.malformed;
    return;
  }
  srtp::UnprotectJob job;
  job.context = at.receive_context();
  job.header_size = header->header_bytes;
  job.packet_index = at.streams_[rtp::to_wire(header->ssrc)].estimate(header->sequence.value);
  job.packet = datagram;
  const auto offset = static_cast<std::size_t>(datagram.data() - trains_.get());
  job.out = {plain_.get() + offset, datagram.size() - header->header_bytes - trailer};
  jobs_.push_back(job);
  pending_.push_back({&at, *header, now_ns});
  if (jobs_.size() == srtp::kMaxBatch) decrypt();
}

void Inbox::take_rtcp(Endpoint& at, std::span<std::uint8_t> datagram, std::uint64_t now_ns) {
  if (!at.profile()) {
    ++tally_.without_keys;
    return;
  }
  const auto plain = cipher_.unprotect_rtcp(at.receive_context(), datagram);
  if (plain.result != srtp::Result::ok) {
    ++tally_.not_authentic;
    return;
  }
  const auto compound = rtp::RtcpCompound::parse(datagram.first(plain.size));
  if (!compound || plain.size < 8) {
    ++tally_.malformed;
    return;
  }
  srtp::ReplayWindow& seen = at.rtcp_seen_[rtp::load_be32(datagram.data() + 4)];
  if (seen.check(plain.index) != srtp::Replay::fresh) {
    ++tally_.replayed;
    return;
  }
  seen.accept(plain.index);
  ++tally_.rtcp;
  if (at.listener_ != nullptr) at.listener_->on_rtcp(*compound, now_ns);
}

void Inbox::flush() {
  decrypt();
  used_ = 0;
}

void Inbox::decrypt() {
  if (jobs_.empty()) return;
  cipher_.unprotect(jobs_);
  for (std::size_t i = 0; i < jobs_.size(); ++i) deliver(pending_[i], jobs_[i]);
  jobs_.clear();
  pending_.clear();
}

void Inbox::deliver(const Pending& pending, const srtp::UnprotectJob& job) {
  if (job.result != srtp::Result::ok) {
    ++tally_.not_authentic;
    return;
  }
  srtp::ReceiveIndex& stream = pending.at->streams_[rtp::to_wire(pending.header.ssrc)];
  if (stream.check(job.packet_index) != srtp::Replay::fresh) {
    ++tally_.replayed;
    return;
  }
  stream.accept(job.packet_index);
  ++tally_.rtp;
  if (pending.at->listener_ == nullptr) return;
  pending.at->listener_->on_rtp({pending.header, job.packet, job.out.first(job.size), pending.received_ns});
}

}  // namespace penstock::load::peer
