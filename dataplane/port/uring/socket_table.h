#pragma once
// The sockets of one worker's uring_port, by local id.

#include <cstdint>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/net/packet.h"

namespace penstock::port {

/// A bound endpoint. Ten thousand of them are common, so it is small.
struct Socket {
  net::Endpoint endpoint;
  int fd = -1;                     ///< -1: the slot is free
  std::uint32_t generation = 0;    ///< tells completions of the slot's former sockets apart; 24 bits
  std::uint32_t kernel_drops = 0;  ///< SO_RXQ_OVFL as last seen
  bool v6 = false;
  bool icmp_errors = false;
  bool dont_fragment = false;  ///< the socket's present mode
  bool armed = false;          ///< a multishot receive is in the kernel
  std::uint16_t run = 0;       ///< the socket's run of sends, of flush `run_flush` of the sender
  std::uint32_t run_flush = 0;

  bool is_open() const { return fd >= 0; }
};
static_assert(sizeof(Socket) <= 48);

/// Slots that are reused, with a generation that changes each time. Does not grow past what it was made for.
class SocketTable {
 public:
  explicit SocketTable(std::uint32_t capacity) : capacity_(capacity) {
    sockets_.reserve(capacity);  // references stay valid, and nothing is allocated later; untouched pages cost nothing
    free_.reserve(capacity);
  }

  /// A free slot, or kNoLocal when all are taken. The caller fills it.
  net::LocalId take() {
    if (!free_.empty()) {
      const net::LocalId id = free_.back();
      free_.pop_back();
      return id;
    }
    if (sockets_.size() == capacity_) return net::kNoLocal;
    sockets_.emplace_back();
    return static_cast<net::LocalId>(sockets_.size() - 1);
  }

  /// Frees a slot whose descriptor is closed.
  void give_back(net::LocalId id) {
    Socket& s = sockets_[id];
    s.fd = -1;
    s.generation = (s.generation + 1) & kGenerationMask;
    free_.push_back(id);
  }

  Socket& operator[](net::LocalId id) { return sockets_[id]; }
  const Socket& operator[](net::LocalId id) const { return sockets_[id]; }

  /// The open socket, or nullptr.
  Socket* find(net::LocalId id) { return id < sockets_.size() && sockets_[id].is_open() ? &sockets_[id] : nullptr; }
  /// The open socket of that generation, or nullptr.
  Socket* find(net::LocalId id, std::uint32_t generation) {
    Socket* s = find(id);
    return s != nullptr && s->generation == generation ? s : nullptr;
  }

  auto begin() const { return sockets_.begin(); }
  auto end() const { return sockets_.end(); }

  static constexpr std::uint32_t kGenerationMask = 0xffffff;

 private:
  std::uint32_t capacity_;
  std::vector<Socket> sockets_;
  std::vector<net::LocalId> free_;
};

}  // namespace penstock::port
