#pragma once
// The service and the model side by side: every action goes to both, and after each all that left the service, every
// answer, every gauge and the packet equation are compared.

#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/turn/client.h"
#include "tests/turn/model/model.h"

namespace penstock::turn::test {

/// The service did what the model would not have done. what() says where.
struct Mismatch : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct TrialOptions {
  std::uint64_t seed = 1;  ///< of the service's own random choices
  std::uint16_t workers = 2;
  std::uint16_t ports = 1000;  ///< relayed ports per address
};

/// Somebody with credentials at an address.
struct Actor {
  ClientTuple tuple;
  std::uint16_t worker = 0;
  std::string name;  ///< as it goes over the wire
  std::string user;  ///< as it is counted: without a timestamp
  std::string password;
};

class Trial {
 public:
  explicit Trial(const TrialOptions& options = {});

  static constexpr std::size_t kPermissions = 5;
  static constexpr std::size_t kChannels = 4;
  static constexpr std::size_t kUserAllocations = 3;
  static constexpr std::size_t kTotalAllocations = 7;

  /// Static and ephemeral users over IPv4 and IPv6, spread over the workers.
  const std::vector<Actor>& actors() const { return actors_; }
  /// Peers that may be reached unless a reload denies them; two ports on every address.
  const std::vector<net::Endpoint>& peers() const { return peers_; }

  // Actions. `who` is an index into actors().
  void allocate(std::size_t who, const AllocateWish& wish = {});
  /// The request that made the allocation, again, byte for byte.
  void repeat_allocate(std::size_t who);
  void refresh(std::size_t who, std::optional<std::uint32_t> lifetime_s, std::optional<std::uint8_t> family = {});
  /// The request that ended the allocation, again.
  void repeat_last_refresh(std::size_t who);
  void permit(std::size_t who, const std::vector<net::Endpoint>& peers);
  void bind(std::size_t who, std::uint16_t number, const net::Endpoint& peer);
  void send(std::size_t who, const net::Endpoint& peer, const Payload& data);
  /// `extra` bytes follow the message, as padding may.
  void channel_data(std::size_t who, std::uint16_t number, const Payload& data, std::size_t extra = 0);
  /// As one receive: equal sizes but for the last.
  void channel_train(std::size_t who, const std::vector<std::uint16_t>& numbers, const Payload& data);
  void from_peer(const net::Endpoint& relayed, const net::Endpoint& peer, const Payload& data);
  void train_from_peer(const net::Endpoint& relayed, const net::Endpoint& peer, const Payload& data,
                       std::uint16_t segment);
  void icmp_error(const net::Endpoint& relayed, const net::Endpoint& peer, std::uint8_t type, std::uint8_t code);
  void binding(std::size_t who);
  /// With somebody else's credentials from this address.
  void refresh_as(std::size_t who, std::size_t credentials, std::optional<std::uint32_t> lifetime_s,
                  std::optional<std::uint8_t> family = {});
  void permit_as(std::size_t who, std::size_t credentials, const std::vector<net::Endpoint>& peers);
  void wrong_password(std::size_t who, stun::Method method);
  /// What gets no answer and moves nothing.
  void noise(std::size_t who, const Payload& bytes);
  void advance(Nanoseconds ns);
  void advance_to(Nanoseconds then);
  /// Datagrams both ways over every permission and channel of every allocation.
  void probe();
  void deny(const std::set<net::Address>& addresses);
  void begin_drain();

  /// Ends the sequence: drains, or waits until everything has expired; nothing may be left.
  void finish(bool drain);

  const Model& model() const { return model_; }
  /// The last actions, one per line.
  std::string journal() const;

 private:
  struct Nonce {
    std::string text;
    Nanoseconds from = 0;
  };
  struct Request {
    Payload bytes;
    Nonce nonce;
  };
  struct Exchange {
    Request request;
    Payload answer;
  };
  /// What an actor keeps, to use it and to repeat it.
  struct Memory {
    Nonce nonce;
    Exchange allocate;
    Request ending;  ///< the Refresh that ended its last allocation
    Nanoseconds ended_at = 0;
  };

  void note(std::string line);
  void settle(std::vector<Delivery> expected);
  void compare_gauges();
  void compare_gauge(const char* name, std::uint64_t value, const Model::Bounds& bounds);
  [[noreturn]] void fail(const std::string& what) const;

  stun::TransactionId next_id();
  Client client(const Actor& actor, const Actor& credentials, const std::string& nonce);
  void learn_nonce(std::size_t who);
  /// Signed, and again with a new nonce when the old one is stale. `right` has the answer that comes back.
  Reply ask(std::size_t who, const Actor& credentials, stun::Method method, const Client::Fill& fill,
            const Codes& right);
  Reply repeat(std::size_t who, const Request& request, const Codes& right);
  void inject(std::size_t who, const Payload& bytes);
  void check_integrity(const Actor& credentials, const Reply& reply);
  void check_allocate_answer(std::size_t who, const AllocateWish& wish, const Reply& reply);
  Delivery take_apart(const Sent& sent) const;
  bool is_client(const net::Endpoint& endpoint) const;

  std::vector<Actor> actors_;
  std::vector<net::Endpoint> peers_;
  std::vector<Memory> memory_;
  TestBed bed_;
  Model model_;
  Request last_request_;
  std::uint64_t requests_ = 0;
  std::size_t made_ = 0;     ///< allocations
  std::size_t records_ = 0;  ///< of those that ended
  std::deque<std::string> journal_;
};

}  // namespace penstock::turn::test
