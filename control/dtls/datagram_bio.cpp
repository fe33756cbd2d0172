#include "control/dtls/datagram_bio.h"

#include <openssl/bio.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace penstock::control::dtls {
namespace {

DatagramEnds& ends_of(BIO* bio) {
  return *static_cast<DatagramEnds*>(BIO_get_data(bio));
}

int read_datagram(BIO* bio, char* out, int room) {
  BIO_clear_retry_flags(bio);
  const auto datagram = std::exchange(ends_of(bio).incoming, {});
  if (datagram.empty() || room <= 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  // What does not fit is lost, as on a socket; OpenSSL always asks for more than a datagram can be.
  const std::size_t size = std::min(datagram.size(), static_cast<std::size_t>(room));
  std::copy_n(datagram.begin(), size, out);
  return static_cast<int>(size);
}

int write_datagram(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  if (size <= 0) return 0;
  ends_of(bio).send({reinterpret_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(size)});
  return size;
}

constexpr long kIpv6AndUdpBytes = 40 + 8;

long control(BIO*, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;  // nothing waits here
    case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
      return kIpv6AndUdpBytes;  // what OpenSSL takes off its smallest link MTU, 256
    default:
      return 0;  // only a socket could know: path MTU, peer address, timeouts
  }
}

const BIO_METHOD* method() {
  static const std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> method(
      [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "penstock datagrams");
        if (made == nullptr) return made;
        BIO_meth_set_read(made, read_datagram);
        BIO_meth_set_write(made, write_datagram);
        BIO_meth_set_ctrl(made, control);
        return made;
      }(),
      BIO_meth_free);
  return method.get();
}

}  // namespace

BIO* make_datagram_bio(DatagramEnds& ends) {
  BIO* bio = method() != nullptr ? BIO_new(method()) : nullptr;
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &ends);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace penstock::control::dtls
