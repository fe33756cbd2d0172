#pragma once
// An OpenSSL BIO that keeps datagrams apart: what is read is one datagram, and so is each write. (A memory BIO runs
// datagrams together, and DTLS lives from their boundaries.)

#include <cstdint>
#include <span>

typedef struct bio_st BIO;

namespace penstock::control::dtls {

/// The two ends of a BIO. It outlives the BIO.
class DatagramEnds {
 public:
  virtual ~DatagramEnds() = default;

  /// What the next read gets, once; empty: nothing, try again later. The bytes stay the caller's.
  std::span<const std::uint8_t> incoming;
  /// Takes a datagram that OpenSSL writes, which is gone afterwards.
  virtual void send(std::span<const std::uint8_t> datagram) = 0;
};

/// nullptr when memory is short. The BIO is the caller's, or that of the SSL it is given to.
BIO* make_datagram_bio(DatagramEnds& ends);

}  // namespace penstock::control::dtls
