// The whole TURN service, two workers, from the first request to the last allocation's end: what clients, peers, time,
// the network and the operator do is read from the input. Clients hold valid credentials, so inputs get behind them.
//
// After each input the packet equation holds, no packet and no table entry is left; and on the way nothing leaves for a
// peer that is denied, or from a listener to somebody who never sent.

#include <array>
#include <map>
#include <optional>
#include <set>

#include "tests/fuzz/input.h"
#include "tests/fuzz/require.h"
#include "tests/turn/client.h"
#include "tests/turn/model/cast.h"
#include "turn/guard/peer_policy.h"
#include "turn/send_indication.h"

namespace penstock::turn::test {
namespace {

constexpr std::uint16_t kWorkers = 2;
constexpr std::size_t kMostActions = 64;  // bounds the time an input takes

BedOptions small_bed() {
  BedOptions options = stage({.seed = 1, .workers = kWorkers, .ports = 12});
  options.packets = 127;
  options.answer_packets = 63;
  options.record_lane = 64;
  options.fixed.allocations_per_worker = 6;
  options.fixed.permissions_per_worker = 12;
  options.fixed.channels_per_worker = 8;
  return options;
}

// What the test bed's client learns from answers.
struct Learned {
  std::string nonce;
  std::optional<stun::ReservationToken> token;
};

class Session {
 public:
  explicit Session(stun::Bytes bytes) : input_(bytes), bed_(small_bed()), learned_(actors_.size()) {}

  void play() {
    for (std::size_t i = 0; i < kMostActions && !input_.empty(); ++i) {
      const std::uint8_t action = input_.byte();
      act(action & 0x7f);
      // Without the top bit more arrives before the workers look: bursts.
      if ((action & 0x80) != 0) settle();
    }
    end();
  }

 private:
  using Action = void (Session::*)();

  void act(std::uint8_t action) {
    static constexpr std::array<Action, 16> kActions = {
        &Session::request,   &Session::request,    &Session::request,      &Session::request,
        &Session::send,      &Session::send,       &Session::channel_data, &Session::channel_data,
        &Session::from_peer, &Session::from_peer,  &Session::raw,          &Session::pass_time,
        &Session::train,     &Session::icmp_error, &Session::operate,      &Session::trouble};
    (this->*kActions[action % kActions.size()])();
  }

  std::size_t who() { return input_.below(actors_.size()); }

  net::Endpoint peer() {
    const std::uint8_t choice = input_.byte();
    if (choice < 128) return peers_[choice % peers_.size()];
    if (choice < 192) return relayed();
    if (choice < 208) return denied_peer(choice % 2 == 0 ? net::Family::v4 : net::Family::v6);
    net::Endpoint any{{}, input_.word()};
    for (std::uint8_t& byte : any.address.bytes) byte = choice < 232 ? input_.byte() : std::uint8_t{0};
    if (choice >= 232) any.address = net::Address::v4(input_.long_word());
    return any;
  }

  net::Endpoint relayed() {
    const std::uint8_t choice = input_.byte();
    if (relayed_.empty() || choice >= 224) return {choice % 2 == 0 ? kRelay4 : kRelay6, port(choice)};
    return relayed_[choice % relayed_.size()];
  }
  std::uint16_t port(std::uint8_t choice) const {
    return static_cast<std::uint16_t>(bed_.options().fixed.port_min + choice % 16);
  }

  void arrive(std::size_t from, stun::Bytes bytes) {
    const Actor& actor = actors_[from];
    compare_send_parsers(bytes);
    seen_.insert(actor.tuple.client);
    bed_.inject(actor.worker, actor.tuple.server, actor.tuple.client, bytes);
  }

  // --- what clients do

  Client client(std::size_t at, std::size_t credentials) {
    const Actor& actor = actors_[at];
    const Actor& as = actors_[credentials];
    Client made(bed_, actor.tuple.client, actor.worker, as.name, as.password);
    made.nonce = learned_[at].nonce;
    return made;
  }

  void request() {
    constexpr std::array kMethods = {stun::Method::allocate, stun::Method::refresh, stun::Method::create_permission,
                                     stun::Method::channel_bind, stun::Method::binding};
    const std::size_t at = who();
    const std::uint8_t choice = input_.byte();
    const stun::Method method = kMethods[choice % kMethods.size()];
    const std::size_t as = choice >= 240 ? who() : at;
    if (learned_[at].nonce.empty()) {
      Client asking = client(at, at);
      arrive(at, asking.plain(stun::Method::allocate, requested_transport, next_id()));
      settle();
    }
    Client asking = client(at, as);
    const auto fill = [&](stun::MessageBuilder& b) { write_attributes(b, at, method); };
    Payload bytes;
    try {
      bytes = asking.signed_request(method, fill, next_id());
    } catch (const std::runtime_error&) {
      return;  // attributes that cannot stand together in one message
    }
    arrive(at, bytes);
    if (choice >= 200) arrive(at, bytes);
  }

  void write_attributes(stun::MessageBuilder& b, std::size_t at, stun::Method method) {
    const std::uint8_t flags = input_.byte();
    if (method == stun::Method::allocate) write(b, wish(flags, at));
    if (method == stun::Method::refresh && (flags & 1) != 0) b.lifetime((flags & 2) != 0 ? 0 : input_.long_word());
    if (method == stun::Method::refresh && (flags & 4) != 0) {
      b.requested_address_family((flags & 8) != 0 ? net::Family::v6 : net::Family::v4);
    }
    if (method == stun::Method::create_permission) {
      for (unsigned i = 0; i <= flags % 8U; ++i) b.xor_peer_address(peer());
    }
    if (method == stun::Method::channel_bind) b.channel_number(number()).xor_peer_address(peer());
    // Anything else: attributes of any type.
    for (unsigned i = 0; i < flags >> 6; ++i) {
      const std::uint16_t type = input_.word();
      Payload value = input_.blob();
      value.resize(std::min<std::size_t>(value.size(), 64));
      b.attribute(type, value);
    }
  }

  AllocateWish wish(std::uint8_t flags, std::size_t at) {
    AllocateWish wish;
    if ((flags & 1) != 0) wish.lifetime_s = input_.long_word();
    if ((flags & 2) != 0) wish.family = input_.byte();
    if ((flags & 4) != 0) wish.additional = std::uint8_t{2};
    if ((flags & 8) != 0) wish.even_port = input_.flag();
    if ((flags & 16) != 0) wish.token = learned_[input_.flag() ? who() : at].token.value_or(stun::ReservationToken{});
    if ((flags & 32) != 0) wish.transport = input_.byte();
    return wish;
  }

  std::uint16_t number() {
    const std::uint16_t choice = input_.byte();
    return choice < 224 ? static_cast<std::uint16_t>(0x4000 + choice % 8) : input_.word();
  }

  void send() {
    const std::size_t at = who();
    const net::Endpoint to = peer();
    const Payload data = input_.blob();
    arrive(at, client(at, at).send_indication(to, data, input_.flag()));
  }

  void channel_data() {
    const std::size_t at = who();
    const std::uint16_t over = number();
    Payload bytes = test::channel_data(over, input_.blob());
    bytes.resize(bytes.size() + input_.below(4));
    arrive(at, bytes);
  }

  void train() {
    const std::size_t at = who();
    const std::uint8_t copies = input_.byte() % 16;
    const std::uint16_t over = number();
    Payload one = input_.blob();
    if (input_.flag()) one = test::channel_data(over, one);
    if (one.empty()) return;
    Payload all;
    for (unsigned i = 0; i <= copies; ++i) all.insert(all.end(), one.begin(), one.end());
    if (!all.empty() && input_.flag()) all[input_.below(std::min<std::size_t>(all.size(), 256))] ^= input_.byte();
    const Actor& actor = actors_[at];
    seen_.insert(actor.tuple.client);
    bed_.inject_train(actor.worker, actor.tuple.server, actor.tuple.client, all,
                      static_cast<std::uint16_t>(one.size()));
  }

  void raw() {
    const std::size_t at = who();
    arrive(at, input_.blob());
  }

  // --- what peers, the network, time and the operator do

  void from_peer() {
    const net::Endpoint to = relayed();
    const net::Endpoint from = peer();
    const Payload bytes = input_.blob();
    const auto worker = bed_.worker_of(to);
    if (worker && from.address.family() == to.address.family()) bed_.inject(*worker, to, from, bytes);
  }

  void icmp_error() {
    const net::Endpoint from = relayed();
    const auto worker = bed_.worker_of(from);
    if (!worker) return;
    port::MemoryPort& port = bed_.port(*worker);
    port.inject_icmp_error({port.find(from), peer(), input_.byte(), input_.byte(), input_.long_word()});
  }

  void pass_time() {
    constexpr std::array<std::uint64_t, 8> kSteps = {
        1, kSecond, 30 * kSecond, 60 * kSecond, 299 * kSecond, 300 * kSecond, 600 * kSecond, 3600 * kSecond};
    const std::uint8_t choice = input_.byte();
    bed_.advance(kSteps[choice % 8] + (choice >= 128 ? input_.word() : 0));
    judge();
  }

  void operate() {
    const std::uint8_t choice = input_.byte();
    if (choice < 16) return bed_.tell(choice < 8 ? MessageKind::begin_drain : MessageKind::end_drain);
    settle();  // what left so far left under the old policy
    Settings settings = bed_.options().settings;
    for (unsigned i = 0; i < choice % 4U; ++i) settings.peers.push_back({{peer().address, 128}, input_.flag()});
    settings.user_limits.allocations = choice & 4;
    settings.user_limits.to_peer_packets_per_s = (choice & 8) != 0 ? input_.byte() : 0;
    settings.user_limits.to_client_bits_per_s = (choice & 16) != 0 ? input_.word() : 0;
    settings.total_limits.packets_per_s = (choice & 32) != 0 ? input_.byte() : 0;
    settings.allocation_limits.permissions = choice >> 5;
    if ((choice & 64) != 0) settings.secrets.clear();
    policy_.emplace(settings, bed_.options().fixed);
    bed_.reload(settings);
    judge();
  }

  // Ports that others took, sends that fail, for a while.
  void trouble() {
    const std::uint8_t choice = input_.byte();
    constexpr std::array kReasons = {net::Drop::tx_no_buffer, net::Drop::tx_unreachable, net::Drop::tx_error};
    const auto worker = static_cast<std::uint16_t>(choice % kWorkers);
    if (choice < 64) return bed_.port(worker).fail_sends(kReasons[choice % kReasons.size()]);
    if (choice < 128) return bed_.port(worker).fail_sends(std::nullopt);
    bed_.host().refuse_when([choice](const net::Endpoint& e) -> std::optional<port::BindError> {
      constexpr std::array kErrors = {port::BindError::in_use, port::BindError::no_address,
                                      port::BindError::no_resources};
      if (choice >= 192 || (e.port + choice) % 3 != 0) return std::nullopt;
      return kErrors[choice % kErrors.size()];
    });
  }

  // --- what must hold

  void settle() {
    bed_.run();
    judge();
  }

  void judge() {
    for (const Sent& sent : bed_.sent()) {
      const port::SentDatagram& d = sent.datagram;
      if (d.local != kListen4 && d.local != kListen6) {
        REQUIRE(policy_->check(d.remote.address) == PeerVerdict::allow);
        continue;
      }
      REQUIRE(seen_.contains(d.remote));
      learn(d);
    }
    bed_.sent().clear();
  }

  void learn(const port::SentDatagram& d) {
    const auto answer = stun::MessageView::parse(d.bytes);
    if (!answer) {
      REQUIRE(!d.bytes.empty() && (d.bytes[0] & 0xc0) == 0x40);
      return;
    }
    const auto at = std::ranges::find(actors_, d.remote, [](const Actor& a) { return a.tuple.client; });
    REQUIRE(at != actors_.end());
    Learned& learned = learned_[static_cast<std::size_t>(at - actors_.begin())];
    if (const auto nonce = stun::nonce(*answer)) learned.nonce = *nonce;
    if (const auto token = stun::reservation_token(*answer)) learned.token = *token;
    if (answer->is(stun::Method::allocate, stun::Class::success)) {
      for (const net::Endpoint& endpoint : Reply{d.bytes}.relayed()) relayed_.push_back(endpoint);
    }
  }

  // Two readers of one format agree.
  static void compare_send_parsers(stun::Bytes datagram) {
    const auto quick = parse_send_indication(datagram);
    const auto message = stun::MessageView::parse(datagram);
    if (!message) {
      // What follows FINGERPRINT is an error to the one reader and ignored by the other.
      REQUIRE(!quick || message.error() == stun::ParseError::attribute_after_end);
      return;
    }
    const auto peer = stun::xor_peer_address(*message);
    const auto data = stun::data(*message);
    const auto dont_fragment = stun::dont_fragment(*message);
    const bool flag_is_good = dont_fragment || dont_fragment.error() == stun::AttributeError::absent;
    const bool good = message->is(stun::Method::send, stun::Class::indication) && message->unknown_required().empty() &&
                      peer && data && flag_is_good;
    REQUIRE(quick.has_value() == good);
    if (!good) return;
    REQUIRE(quick->peer == *peer && quick->dont_fragment == dont_fragment.value_or(false));
    REQUIRE(quick->data.data() == data->data() && quick->data.size() == data->size());
  }

  void end() {
    settle();
    bed_.host().refuse_when({});
    for (std::uint16_t worker = 0; worker < kWorkers; ++worker) bed_.port(worker).fail_sends(std::nullopt);
    bed_.tell(MessageKind::end_drain);
    bed_.advance(61 * kSecond);
    judge();
    const std::string equation = bed_.equation_error();
    if (!equation.empty()) std::fprintf(stderr, "%s\n", equation.c_str());
    REQUIRE(equation.empty());
    for (std::uint16_t worker = 0; worker < kWorkers; ++worker) {
      const Stats& stats = bed_.stats(worker);
      for (const net::Counter* gauge :
           {&stats.allocations, &stats.allocations_pending, &stats.reservations, &stats.permissions, &stats.channels}) {
        REQUIRE(gauge->get() == 0);
      }
      bed_.records(worker);
      REQUIRE(bed_.shard(worker).flows().size() == 0);
      REQUIRE(bed_.port(worker).packets_in_use() == 0);
      REQUIRE(bed_.shard(worker).counters().packets_in_use.get() == 0);
    }
    for (std::uint8_t address = 0; address < bed_.options().fixed.relay_addresses.size(); ++address) {
      REQUIRE(bed_.shared().directory.claimed(address) == 0);
    }
    REQUIRE(bed_.host().open_endpoints() == bed_.options().fixed.listen.size());
  }

  stun::TransactionId next_id() {
    stun::TransactionId id{};
    stun::store_be64(id.data(), ++requests_);
    return id;
  }

  fuzz::Input input_;
  TestBed bed_;
  const std::vector<Actor> actors_ = cast(kWorkers);
  const std::vector<net::Endpoint> peers_ = cast_of_peers();
  std::vector<Learned> learned_;
  std::vector<net::Endpoint> relayed_;
  std::set<net::Endpoint> seen_;
  std::optional<PeerPolicy> policy_{std::in_place, bed_.options().settings, bed_.options().fixed};
  std::uint64_t requests_ = 0;
};

}  // namespace
}  // namespace penstock::turn::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::turn::test::Session({data, size}).play();
  return 0;
}
