#include "bench/load/turn/burst_sender.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace penstock::load {

BurstSender::BurstSender(const Options& options, const Stream& framing_like, std::uint32_t run)
    : run_(run),
      train_(options.train),
      entries_per_turn_(options.train_as_singles ? options.train : 1),
      payload_bytes_(options.payload_bytes),
      datagram_bytes_(framing_like.datagram_bytes(options.payload_bytes)),
      turns_max_(std::max(1u, kBurst / options.train)),
      headers_(turns_max_ * entries_per_turn_),
      slices_(headers_.size()),
      fds_(headers_.size()) {
  const std::size_t turn_bytes = datagram_bytes_ * train_;
  const std::size_t entry_bytes = turn_bytes / entries_per_turn_;
  buffers_ = std::make_unique<std::uint8_t[]>(turn_bytes * turns_max_);
  for (std::size_t at = 0; at < turn_bytes * turns_max_; ++at) buffers_[at] = static_cast<std::uint8_t>(at * 31);
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    slices_[i] = {buffers_.get() + i * entry_bytes, entry_bytes};
    headers_[i].msg_hdr.msg_iov = &slices_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
  }
}

void BurstSender::add(Stream& stream, std::uint64_t now_ns) {
  std::uint8_t* at = buffers_.get() + std::size_t{turns_} * train_ * datagram_bytes_;
  for (unsigned i = 0; i < train_; ++i, at += datagram_bytes_) {
    const Stamp stamp{run_, stream.id, stream.next_sequence++, now_ns};
    std::memcpy(at, stream.prefix.data(), stream.prefix_bytes);
    std::memcpy(at + stream.prefix_bytes, &stamp, sizeof stamp);
    std::memset(at + stream.prefix_bytes + payload_bytes_, 0, stream.padding_bytes);
  }
  for (unsigned i = turns_ * entries_per_turn_; i < (turns_ + 1) * entries_per_turn_; ++i) {
    Route& route = stream.route;
    fds_[i] = route.fd;
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = route.destination.length != 0 ? &route.destination.any : nullptr;
    header.msg_namelen = route.destination.length;
    header.msg_control = route.control_length != 0 ? route.control.data() : nullptr;
    header.msg_controllen = route.control_length;
  }
  ++turns_;
}

unsigned BurstSender::flush() {
  const unsigned entries = turns_ * entries_per_turn_;
  unsigned taken = 0;
  for (unsigned first = 0; first < entries;) {
    unsigned end = first + 1;
    while (end < entries && fds_[end] == fds_[first]) ++end;
    taken += send_neighbours(first, end);
    first = end;
  }
  turns_ = 0;
  const unsigned datagrams_per_entry = train_ / entries_per_turn_;
  refused_ += std::uint64_t{entries - taken} * datagrams_per_entry;
  return taken * datagrams_per_entry;
}

unsigned BurstSender::send_neighbours(unsigned first, unsigned end) {
  constexpr unsigned kMostRetries = 3;
  unsigned taken = 0;
  unsigned retries = 0;
  while (first < end) {
    int sent = 0;
    const msghdr& only = headers_[first].msg_hdr;
    if (end - first == 1 && only.msg_controllen == 0) {  // the shortest way into the kernel
      sent = sendto(fds_[first], only.msg_iov->iov_base, only.msg_iov->iov_len, MSG_DONTWAIT,
                    static_cast<const sockaddr*>(only.msg_name), only.msg_namelen) >= 0
                 ? 1
                 : -1;
    } else {
      sent = sendmmsg(fds_[first], &headers_[first], end - first, MSG_DONTWAIT);
    }
    if (sent > 0) {
      taken += static_cast<unsigned>(sent);
      first += static_cast<unsigned>(sent);
    } else if (errno == EINTR || retries++ < kMostRetries) {
      continue;  // a pending ICMP error is reported once and cleared; a full queue may have drained
    } else {
      ++first;
      retries = 0;
    }
  }
  return taken;
}

}  // namespace penstock::load
