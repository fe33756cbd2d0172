#pragma once
// One worker's SFU on a memory port, driven pass by pass with a time the test brings, and clients of it that speak ICE,
// SRTP and SRTCP. DTLS is left out: keys are installed as control would. No GoogleTest in here, so that fuzz targets
// and benchmarks can use it too.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/engine/worker.h"
#include "dataplane/port/memory/port.h"
#include "dataplane/rtp/header.h"
#include "dataplane/rtp/header_extensions.h"
#include "dataplane/sfu/service.h"
#include "dataplane/sfu/update.h"
#include "dataplane/srtp/cipher.h"
#include "dataplane/srtp/replay_window.h"

namespace penstock::sfu::test {

using Payload = std::vector<std::uint8_t>;

inline constexpr std::uint64_t kMs = 1'000'000;
inline const net::Endpoint kMedia4{net::Address::v4(0xc6336401), 3500};  // 198.51.100.1
inline const net::Endpoint kMedia6{{{0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, 3500};

/// The endpoint of a worker other than the first.
inline net::Endpoint media4(std::uint16_t worker) {
  return {kMedia4.address, static_cast<std::uint16_t>(kMedia4.port + worker)};
}

class SfuBed;

/// Several workers of one process, driven in turn by one thread; or each by a thread of its own, in real time.
struct Site {
  explicit Site(std::uint16_t workers, const NeighbourOptions& options = {}, bool with_threads = false);
  /// Ends the threads. Before looking at what is not made for other threads' eyes, and before the first bed goes.
  void stop();

  std::unique_ptr<engine::PostOffice> office;
  std::unique_ptr<Neighbours> neighbours;
  SpeakerBoard speakers{16};
  bool threads = false;
  std::vector<SfuBed*> beds;  ///< each adds itself
  std::uint64_t now_ns = 1'000'000'000'000;
};

struct BedOptions {
  BoardSizes sizes{.endpoints = 64, .tracks = 64, .subscriptions = 256};
  std::uint32_t media_packets = 4095;
  std::uint32_t outgoing_packets = 2047;
  srtp::Kind cipher = srtp::Kind::automatic;
  std::shared_ptr<Site> site = nullptr;  ///< nullptr: one of its own, with one worker
  std::uint16_t worker = 0;
};

class SfuBed {
 public:
  /// Throws std::runtime_error with the sentence of what could not be set up.
  explicit SfuBed(const BedOptions& options = {});
  ~SfuBed();

  /// Applies one update before the next packets.
  void update(std::vector<Operation> operations);
  /// The same, without letting the worker run.
  void post(std::vector<Operation> operations);
  /// How many there were.
  std::uint64_t updates() const { return updates_.size(); }
  /// A datagram arrives; false when nothing is bound there.
  bool inject(const net::Endpoint& local, const net::Endpoint& remote, std::span<const std::uint8_t> bytes);
  /// Passes of all workers of the site until there is nothing left to do.
  void run();
  /// With threads: each worker has made a few passes since.
  void settle();
  /// One pass of this worker; true when it was busy.
  bool pass();
  /// Time goes on, for one pass of this worker.
  void step(std::uint64_t ns);
  /// Time goes on in steps of 5 ms, for all workers of the site.
  void advance(std::uint64_t ns);
  std::uint64_t now_ns() const { return site_->now_ns; }

  /// What was sent and not yet taken, to everybody, in order.
  const std::vector<port::SentDatagram>& sent() const { return sent_; }
  /// Takes out what was sent to `remote`, in order.
  std::vector<Payload> take(const net::Endpoint& remote);
  /// What a handshake thread would have got.
  std::vector<HandshakeDatagram> take_handshakes();
  /// As a handshake thread.
  bool send_handshake(const HandshakeDatagram& datagram) { return lanes_->to_worker.send(datagram); }

  Board& board() { return *board_; }
  const Stats& stats() const { return service_->stats(); }
  SfuService& service() { return *service_; }
  engine::Shard& shard() { return worker_->shard(); }
  port::MemoryPort& port() { return *port_; }
  /// The worker's first media endpoint.
  net::Endpoint media() const { return media4(number_); }
  std::uint64_t dropped(net::Drop reason);
  /// Empty when every packet is accounted (DESIGN.md section 3), else the sums.
  std::string imbalance();

 private:
  friend struct Site;
  tl::expected<void, std::string> set_up(engine::Worker& worker);
  void collect();
  void wait_for_a_pass();

  std::shared_ptr<Site> site_;
  std::uint16_t number_;
  std::unique_ptr<Board> board_;
  std::unique_ptr<HandshakeLanes> lanes_;
  std::unique_ptr<engine::Worker> worker_;
  SfuService* service_ = nullptr;
  port::MemoryPort* port_ = nullptr;
  SfuSettings settings_;
  std::vector<std::unique_ptr<Update>> updates_;
  std::vector<port::SentDatagram> sent_;
};

/// What a client received and could decrypt.
struct Received {
  rtp::Header header;
  rtp::Extensions extensions;  ///< its texts point into `packet`
  Payload packet;              ///< header as sent
  Payload payload;             ///< decrypted
};

/// One participant, on one address.
class Client {
 public:
  /// Adds itself to the bed under `slot`; keys of `profile` are installed at once.
  Client(SfuBed& bed, EndpointSlot slot, const net::Endpoint& remote,
         srtp::Profile profile = srtp::Profile::aead_aes_128_gcm, std::optional<net::Endpoint> local = std::nullopt);

  /// A connectivity check; true when it was answered with success.
  bool check(bool nominate = true);
  /// The same, without looking for an answer, nor letting the worker run.
  void send_check(bool nominate = true);
  /// What is sent to it may come from that worker, too: it moved there.
  void follow(SfuBed& bed) { beds_.push_back(&bed); }
  /// From now on it is somewhere else.
  void move_to(const net::Endpoint& remote) { remote_ = remote; }
  /// Tracks and subscriptions are put under the client's slot.
  EndpointSlot slot() const { return slot_; }
  std::uint32_t generation() const { return generation_; }
  const net::Endpoint& remote() const { return remote_; }
  const IceCredentials& ice() const { return ice_; }

  /// Protects and sends. `header` is a whole RTP header with its extensions; `roll_over` counts for its sequence
  /// number.
  void send_rtp(std::span<const std::uint8_t> header, std::span<const std::uint8_t> payload,
                std::uint32_t roll_over = 0);
  /// The protected packet, for tests that change or repeat it.
  Payload protect(std::span<const std::uint8_t> header, std::span<const std::uint8_t> payload,
                  std::uint32_t roll_over = 0);
  void send_rtcp(std::span<const std::uint8_t> compound);
  void send(std::span<const std::uint8_t> datagram) { bed_.inject(local_, remote_, datagram); }

  /// Takes out what came. RTP is decrypted with ids by which `extensions` are found; what cannot be decrypted throws.
  struct Taken {
    std::vector<Received> rtp;
    std::vector<Payload> rtcp;    ///< decrypted compounds
    std::vector<Payload> others;  ///< STUN, DTLS
  };
  Taken take(const rtp::ExtensionIds& ids = {});

 private:
  std::vector<Payload> take_datagrams();
  Payload open_rtcp(Payload datagram);
  Received decrypt(Payload packet, const rtp::ExtensionIds& ids);

  SfuBed& bed_;
  std::vector<SfuBed*> beds_{&bed_};
  EndpointSlot slot_;
  std::uint32_t generation_;
  net::Endpoint remote_, local_;
  IceCredentials ice_;
  std::unique_ptr<srtp::Cipher> cipher_;
  std::vector<std::pair<std::uint32_t, srtp::ReceiveIndex>> received_;  ///< by SSRC
  std::map<std::uint32_t, std::uint32_t> rtcp_indices_;                 ///< by SSRC, the last
};

}  // namespace penstock::sfu::test
