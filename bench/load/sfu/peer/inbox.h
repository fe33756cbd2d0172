#pragma once
// What endpoints receive: trains whole, decrypted in batches over many endpoints.

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/rtp/header.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::load::peer {

class Endpoint;

/// What came in that could not be used; each is a finding.
struct InboxTally {
  std::uint64_t datagrams = 0;
  std::uint64_t rtp = 0;
  std::uint64_t rtcp = 0;
  std::uint64_t malformed = 0;      ///< no RTP, RTCP, STUN or DTLS
  std::uint64_t not_authentic = 0;  ///< SRTP or SRTCP that did not decrypt
  std::uint64_t replayed = 0;
  std::uint64_t without_keys = 0;  ///< media before the handshake was done
};

/// One thread.
class Inbox {
 public:
  explicit Inbox(srtp::Cipher& cipher);

  /// Reads a few trains from the endpoint's socket. STUN and DTLS are handled at once, media at the latest in flush().
  void receive(Endpoint& at);
  /// Decrypts and delivers what was gathered.
  void flush();

  const InboxTally& tally() const { return tally_; }

 private:
  static constexpr unsigned kTrains = 16;
  static constexpr unsigned kTrainsPerRead = 4;
  static constexpr std::size_t kTrainBytes = 65'536;
  using Control = std::array<std::uint8_t, 64>;
  struct Pending {
    Endpoint* at;
    rtp::Header header;
    std::uint64_t received_ns;
  };

  void split(Endpoint& at, unsigned train, std::size_t bytes, std::size_t segment, std::uint64_t now_ns);
  void take(Endpoint& at, std::span<std::uint8_t> datagram, std::uint64_t now_ns);
  void take_rtp(Endpoint& at, std::span<std::uint8_t> datagram, std::uint64_t now_ns);
  void take_rtcp(Endpoint& at, std::span<std::uint8_t> datagram, std::uint64_t now_ns);
  /// Of the datagrams a message was gathered from; 0 if it is a single one.
  std::size_t segment_bytes(unsigned message);
  void decrypt();
  void deliver(const Pending& pending, const srtp::UnprotectJob& job);

  srtp::Cipher& cipher_;
  std::unique_ptr<std::uint8_t[]> trains_;  ///< as they came
  std::unique_ptr<std::uint8_t[]> plain_;   ///< the same places, decrypted
  unsigned used_ = 0;                       ///< trains gathered so far
  std::array<mmsghdr, kTrainsPerRead> headers_{};
  std::array<iovec, kTrainsPerRead> slices_{};
  std::array<Control, kTrainsPerRead> control_{};
  std::vector<srtp::UnprotectJob> jobs_;
  std::vector<Pending> pending_;
  InboxTally tally_;
};

}  // namespace penstock::load::peer
