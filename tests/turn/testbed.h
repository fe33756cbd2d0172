#pragma once
// TURN services on memory ports, driven pass by pass with a time the test brings: one or more workers of one imaginary
// host, in one thread. No GoogleTest in here, so that fuzz targets and benchmarks can use it too.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/engine/worker.h"
#include "dataplane/port/memory/port.h"
#include "turn/service.h"

namespace penstock::turn::test {

using Payload = std::vector<std::uint8_t>;

inline constexpr std::uint64_t kSecond = 1'000'000'000;

inline const net::Endpoint kListen4{net::Address::v4(0xc6336401), 3478};  // 198.51.100.1
inline const net::Address kRelay4 = net::Address::v4(0xcb007101);         // 203.0.113.1
inline const net::Endpoint kListen6{{{0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 3478};
inline const net::Address kRelay6{{0x20, 0x01, 0x0d, 0xb8, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

struct BedOptions {
  FixedSettings fixed;
  Settings settings;
  std::uint16_t workers = 1;
  std::uint32_t packets = 2047;  ///< per worker
  bool record = true;            ///< keep what is sent
  std::uint32_t record_lane = 1024;
  std::uint32_t answer_packets = 1023;  ///< per worker
  std::optional<std::uint64_t> seed;    ///< of every random choice of the service

  /// IPv4 and IPv6 listeners and relay addresses, users "ada:secret" and "bob:secret", generous answer rates, ports
  /// 20000 to 20999, room for 256 allocations per worker.
  BedOptions();
};

struct Sent {
  std::uint16_t worker = 0;
  port::SentDatagram datagram;
};

class TestBed {
 public:
  /// Throws std::runtime_error with the sentence of what could not be set up.
  explicit TestBed(BedOptions options = {});
  ~TestBed();

  /// A datagram arrives at one of the worker's endpoints; false when nothing is bound there.
  bool inject(std::uint16_t worker, const net::Endpoint& local, const net::Endpoint& remote,
              std::span<const std::uint8_t> bytes, std::uint8_t tos = 0);
  bool inject_train(std::uint16_t worker, const net::Endpoint& local, const net::Endpoint& remote,
                    std::span<const std::uint8_t> bytes, std::uint16_t segment);
  /// The worker that has a relayed endpoint bound, or nothing.
  std::optional<std::uint16_t> worker_of(const net::Endpoint& relayed);

  /// Passes of all workers until none has anything left to do. What was sent is in sent().
  void run();
  /// Time goes on, then run().
  void advance(std::uint64_t ns);
  std::uint64_t now_ns() const { return now_ns_; }

  /// Everything sent and not yet taken, in order.
  std::vector<Sent>& sent() { return sent_; }
  /// Takes out what was sent to `remote`.
  std::vector<Sent> take(const net::Endpoint& remote);
  /// Takes out the records of ended allocations.
  std::vector<EndedRecord> records(std::uint16_t worker = 0);

  void reload(const Settings& settings);
  void tell(MessageKind kind);

  TurnService& service(std::uint16_t worker = 0) { return *services_[worker]; }
  const Stats& stats(std::uint16_t worker = 0) const { return services_[worker]->stats(); }
  port::MemoryPort& port(std::uint16_t worker = 0) { return *ports_[worker]; }
  engine::Worker& worker(std::uint16_t worker = 0) { return *workers_[worker]; }
  engine::Shard& shard(std::uint16_t worker = 0) { return workers_[worker]->shard(); }
  port::MemoryHost& host() { return *host_; }
  SharedState& shared() { return *shared_; }
  const BedOptions& options() const { return options_; }
  /// Packets dropped by name, here and in the port.
  std::uint64_t drops(net::Drop reason, std::uint16_t worker = 0) const;
  std::uint64_t all_drops(std::uint16_t worker = 0) const;
  /// Empty when the packet equation of DESIGN.md section 3 holds on every worker, else the numbers.
  std::string equation_error() const;

 private:
  void add_worker(std::uint16_t id);
  bool pass();

  BedOptions options_;
  std::uint64_t now_ns_ = 1000 * kSecond;
  std::uint64_t generation_ = 0;
  std::shared_ptr<port::MemoryHost> host_ = std::make_shared<port::MemoryHost>();
  std::unique_ptr<engine::PostOffice> office_;
  std::unique_ptr<SharedState> shared_;
  std::vector<std::shared_ptr<const CompiledSettings>> settings_;
  std::vector<net::Mailbox<EndedRecord>> records_;
  std::vector<std::unique_ptr<engine::Worker>> workers_;
  std::vector<port::MemoryPort*> ports_;
  std::vector<TurnService*> services_;
  std::vector<Sent> sent_;
};

}  // namespace penstock::turn::test
