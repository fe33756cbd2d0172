#pragma once
// Whole datagrams from IP fragments: bounded in memory and in time, one table per worker.

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/counter.h"
#include "dataplane/net/drop.h"
#include "dataplane/net/frame.h"
#include "dataplane/net/frame_headers.h"
#include "dataplane/net/packet.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/port/dpdk/datagram_pieces.h"
#include "dataplane/port/dpdk/index_list.h"

namespace penstock::port {

struct ReassemblyLimits {
  std::uint16_t datagrams = 256;             ///< in pieces at a time
  std::uint16_t per_source = 32;             ///< of these from one address (IPv6: one /64), about
  std::uint64_t timeout_ns = 2'000'000'000;  ///< from the first piece that arrives
};

/// What happens to fragments besides drops. A datagram that fails is one drop, however many pieces of it come.
struct ReassemblyCounters {
  net::Counter fragments;   // that came
  net::Counter duplicates;  // brought nothing new
  net::Counter datagrams;   // made whole
  net::Counter pending;     // gauge: datagrams in pieces
};

/// One worker's datagrams in pieces. Used by its thread only.
class Reassembly {
 public:
  using Drops = std::array<net::Counter, net::kDropCount>;

  /// All memory is taken here: some 17 KB per datagram, and for 64 more that are whole and under way. `dropped`
  /// outlives it. `name` is the pool's.
  static tl::expected<std::unique_ptr<Reassembly>, std::string> create(const std::string& name,
                                                                       const ReassemblyLimits& limits, Drops& dropped);
  ~Reassembly();
  Reassembly(const Reassembly&) = delete;
  Reassembly& operator=(const Reassembly&) = delete;

  /// Takes over `fragment`, an mbuf that starts with its Ethernet header and of which parse_frame made `f`. Returns the
  /// whole datagram once this was the last missing piece: a packet with fresh PacketInfo and one contiguous frame,
  /// Ethernet and IP header as if it had never been cut, for parse_frame. Its UDP checksum is not verified. Else
  /// nullptr.
  net::Packet* add(net::Packet* fragment, const net::Frame& f, std::uint64_t now_ns);

  /// Gives up on what is overdue. Cheap when nothing is; call it once a pass.
  void expire(std::uint64_t now_ns);

  const ReassemblyCounters& counters() const { return counters_; }

 private:
  // RFC 791 section 3.2, RFC 8200 section 4.5: what the pieces of one datagram have in common. All of them are UDP.
  struct Key {
    net::Address source;
    net::Address destination;
    std::uint32_t id = 0;
    std::uint16_t vlan = net::kNoVlan;
    bool v6 = false;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Entry {
    Key key;
    IndexLink by_age;
    IndexLink by_source;
    net::Packet* buffer = nullptr;  // nullptr: given up, swallows what still comes until its time is over (RFC 5722)
    std::uint64_t deadline_ns = 0;
    net::LinkHeader link;
    std::uint8_t tos = 0;
    std::uint8_t ttl = 0;
    DatagramPieces pieces;
  };
  using Bucket = IndexList<Entry, &Entry::by_source>;

  Reassembly(net::PacketPool pool, const ReassemblyLimits& limits, Drops& dropped, std::uint64_t salt);
  Bucket& bucket(const Key& key);
  std::uint16_t find(const Bucket& bucket, const Key& key) const;
  std::uint16_t open(Bucket& bucket, const Key& key, const net::Packet* fragment, std::uint64_t now_ns);
  net::Packet* put(std::uint16_t i, const net::Frame& f, const Piece& piece);
  net::Packet* finish(std::uint16_t i);
  void close(std::uint16_t i);
  void give_up(std::uint16_t i, net::Drop why);
  void drop(net::Drop why) { dropped_[static_cast<std::size_t>(why)].add(); }

  net::PacketPool pool_;
  ReassemblyLimits limits_;
  Drops& dropped_;
  std::uint64_t salt_;  // nobody outside can aim at a bucket
  std::vector<Entry> entries_;
  std::vector<std::uint16_t> unused_;
  std::vector<Bucket> buckets_;  // by source, so that a bucket's size is what its source has pending
  IndexList<Entry, &Entry::by_age> by_age_;
  ReassemblyCounters counters_;
};

}  // namespace penstock::port
