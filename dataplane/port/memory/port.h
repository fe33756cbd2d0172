#pragma once
// A port of arrays: datagrams are injected and taken by a test, a fuzzer or a benchmark, without a kernel. What a
// service sees of it is what it sees of uring_port: the same head and tail room, trains over one buffer, bind errors,
// ICMP errors.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <unordered_map>
#include <vector>

#include "dataplane/net/packet_pool.h"
#include "dataplane/port/memory/host.h"
#include "dataplane/port/port.h"

namespace penstock::port {

struct MemoryOptions {
  std::uint32_t packets = 4096;        ///< packets that may be in the worker's hands at once
  std::uint32_t max_locals = 1 << 16;  ///< endpoints bound at once
  std::uint16_t tailroom = 64;  ///< bytes behind a datagram that may be written; 0 lets ASan see reads past its end
  std::size_t mtu = 65507;      ///< payload that fits; more is tx_too_big when it may not be fragmented
  bool record = true;           ///< keep what is sent for take_sent(); false only counts it
  std::shared_ptr<MemoryHost> host = {};  ///< the port table; nullptr makes one of its own
};

/// A datagram as it left: lead, payload and tail in one piece.
struct SentDatagram {
  net::LocalId local_id = net::kNoLocal;
  net::Endpoint local;
  net::Endpoint remote;
  std::uint8_t tos = 0;
  bool dont_fragment = false;
  std::vector<std::uint8_t> bytes;
};

/// A datagram a benchmark receives again and again. The first line holds all that a short header needs.
struct alignas(64) MemoryTemplate {
  net::Endpoint remote;
  net::LocalId local = net::kNoLocal;
  std::uint16_t size = 0;      ///< bytes of payload, head included
  std::uint8_t head_size = 0;  ///< bytes of `head` written in front; the rest of the payload is arbitrary
  std::uint8_t flags = 0;      ///< PacketInfo flags, to present packets as members of a train
  std::array<std::uint8_t, 96> head{};
};
static_assert(sizeof(MemoryTemplate) == 128);

/// Implements Port over arrays. inject(), take_sent() and wake() may be called from any thread; all packets have to be
/// freed before it is destroyed.
class MemoryPort final : public Port {
 public:
  static tl::expected<std::unique_ptr<MemoryPort>, std::string> create(const MemoryOptions& options);
  ~MemoryPort() override;

  // The far side.

  /// A datagram from `remote` arrives at `local`. False when nothing is bound there, the payload exceeds 65,507 bytes,
  /// or no packet is left (counted as rx_no_packet).
  bool inject(net::LocalId local, const net::Endpoint& remote, std::span<const std::uint8_t> payload,
              std::uint8_t tos = 0);
  bool inject(const net::Endpoint& local, const net::Endpoint& remote, std::span<const std::uint8_t> payload,
              std::uint8_t tos = 0);
  /// A train arrives, as GRO makes it: `payload` cut into datagrams of `segment` bytes, the last of which may be
  /// shorter.
  bool inject_train(net::LocalId local, const net::Endpoint& remote, std::span<const std::uint8_t> payload,
                    std::uint16_t segment, std::uint8_t tos = 0);
  void inject_icmp_error(const IcmpError& error);
  /// Every packet transmitted from now on is dropped for `reason`; nullopt ends that.
  void fail_sends(std::optional<net::Drop> reason) { failing_.store(reason); }
  /// From now on receive() fills its burst from `templates`, in turn and without end; an empty span ends that. Each
  /// presentation writes the head anew, so a service may overwrite what it stripped. Buffers have `room` bytes of
  /// payload.
  tl::expected<void, std::string> present(std::span<const MemoryTemplate> templates, std::uint16_t room = 2048);

  /// Moves out what was sent since the last call, in order.
  std::vector<SentDatagram> take_sent();
  /// Turns keeping of sent datagrams on or off.
  void set_record(bool record) { record_.store(record); }
  /// The bound endpoint's id, or kNoLocal.
  net::LocalId find(const net::Endpoint& local) const;
  MemoryHost& host() { return *host_; }
  /// Packets that are not in the pool: held by the worker or waiting for receive().
  unsigned packets_in_use() const;

  // Port.
  void receive(net::Burst& burst) override;
  void transmit(net::Burst& burst) override;
  tl::expected<net::LocalId, BindError> bind(const net::Endpoint& local, BindOptions options) override;
  void unbind(net::LocalId local) override;
  tl::expected<DetachedLocal, BindError> reserve(const net::Endpoint& local, BindOptions options) override;
  tl::expected<net::LocalId, BindError> attach(const DetachedLocal& detached) override;
  void discard(const DetachedLocal& detached) override;
  tl::expected<DetachedLocal, BindError> lend(net::LocalId local) override;
  tl::expected<net::LocalId, BindError> borrow(const DetachedLocal& lent) override;
  net::PathId resolve(net::LocalId local, const net::Endpoint& remote) override;
  const net::Endpoint& local_endpoint(net::LocalId local) const override { return locals_[local].endpoint; }
  std::size_t take_icmp_errors(std::span<IcmpError> out) override;
  void wait(std::uint64_t timeout_ns) override;
  void wake() override;
  const PortCounters& counters() const override { return counters_; }

 private:
  struct Local {
    net::Endpoint endpoint;
    bool bound = false;
    bool borrowed = false;  ///< another port's, to send from
  };

  MemoryPort(const MemoryOptions& options, net::PacketPool pool);

  tl::expected<net::LocalId, BindError> take_place(const Local& local);
  bool is_bound(net::LocalId local) const { return local < locals_.size() && locals_[local].bound; }
  void receive_templates(net::Burst& burst);
  std::optional<net::Drop> reason_to_drop(const net::Packet* p) const;
  void record(const net::Packet* p);

  MemoryOptions options_;
  std::shared_ptr<MemoryHost> host_;
  net::PacketPool pool_;
  PortCounters counters_;
  std::vector<Local> locals_;
  std::vector<net::LocalId> free_locals_;

  std::vector<MemoryTemplate> templates_;
  std::size_t next_template_ = 0;
  std::optional<net::PacketPool> template_pool_;

  std::atomic<bool> record_;
  std::atomic<std::optional<net::Drop>> failing_{std::nullopt};

  mutable std::mutex mutex_;  // guards what follows, and bound endpoints against find()
  std::condition_variable arrived_;
  bool woken_ = false;
  std::uint16_t last_train_ = 0;
  std::unordered_map<net::Endpoint, net::LocalId> by_endpoint_;
  std::deque<net::Packet*> arrivals_;
  std::deque<IcmpError> icmp_errors_;
  std::vector<SentDatagram> sent_;
};

}  // namespace penstock::port
