#pragma once
// A TURN client on a test bed: keeps nonce and key, signs requests, reads answers.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/message.h"
#include "tests/turn/testbed.h"

namespace penstock::turn::test {

Payload payload(std::string_view text);
Payload payload(std::size_t size, std::uint8_t fill = 0x55);
Payload channel_data(std::uint16_t number, std::span<const std::uint8_t> data);

/// A message that came back, or none.
struct Reply {
  Payload bytes;

  explicit operator bool() const { return !bytes.empty(); }
  stun::MessageView view() const { return stun::MessageView::parse(bytes).value(); }
  /// 0 for success, the error code otherwise, -1 when there was no answer.
  int code() const;
  /// All XOR-RELAYED-ADDRESS.
  std::vector<net::Endpoint> relayed() const;
};

/// A Data indication taken apart.
struct Data {
  net::Endpoint peer;
  Payload data;
};

class Client {
 public:
  using Fill = std::function<void(stun::MessageBuilder&)>;

  Client(TestBed& bed, const net::Endpoint& endpoint, std::uint16_t worker = 0, std::string user = "ada",
         std::string password = "secret");

  // Building.
  stun::TransactionId next_id();
  /// Without credentials.
  Payload plain(stun::Method method, const Fill& fill, const stun::TransactionId& id);
  /// With user, realm, nonce and MESSAGE-INTEGRITY.
  Payload signed_request(stun::Method method, const Fill& fill, const stun::TransactionId& id);
  Payload send_indication(const net::Endpoint& peer, std::span<const std::uint8_t> data, bool dont_fragment = false);

  // Exchanging.
  bool send(std::span<const std::uint8_t> bytes, std::uint8_t tos = 0);
  /// Sends, runs the bed, and takes the answer with the message's transaction id.
  Reply exchange(const Payload& request);
  /// A signed request; learns the nonce first if there is none, and again on 438.
  Reply ask(stun::Method method, const Fill& fill);

  Reply allocate(const Fill& more = {});
  /// Allocates, and fails the test's assumptions by exception if that is refused. Returns the relayed endpoint.
  net::Endpoint allocated(const Fill& more = {});
  Reply refresh(std::uint32_t lifetime_s, const Fill& more = {});
  Reply permit(const std::vector<net::Endpoint>& peers);
  Reply bind(std::uint16_t channel, const net::Endpoint& peer);

  // Receiving: what the bed has sent to this client.
  std::vector<Payload> received();
  std::vector<Data> received_data();

  TestBed& bed() { return bed_; }
  const net::Endpoint& endpoint() const { return endpoint_; }
  const net::Endpoint& server() const { return server_; }
  std::string nonce;

 private:
  TestBed& bed_;
  net::Endpoint endpoint_;
  net::Endpoint server_;
  std::uint16_t worker_;
  std::string user_;
  std::string password_;
  std::uint64_t requests_ = 0;
};

inline void requested_transport(stun::MessageBuilder& b) {
  b.requested_transport(stun::kTransportUdp);
}

}  // namespace penstock::turn::test
