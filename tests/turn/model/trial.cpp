#include "tests/turn/model/trial.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/stun/channel_data.h"
#include "dataplane/stun/integrity.h"
#include "dataplane/stun/long_term_key.h"
#include "tests/turn/model/cast.h"

namespace penstock::turn::test {
namespace {

constexpr std::size_t kJournalLines = 30;
// A nonce lives 600 s; its age is told in 128ths of that.
constexpr Nanoseconds kNonceSurelyGood = 590 * kSecond;
constexpr Nanoseconds kNonceSurelyStale = 610 * kSecond;
// Section 7.2 and RFC 8489 section 6.3.1: a request may come again for 39.5 s.
constexpr Nanoseconds kRetransmitted = 39 * kSecond;
constexpr Nanoseconds kForgotten = 41 * kSecond;

const std::set<net::Address>& always_denied() {
  static const std::set<net::Address> all = {denied_peer(net::Family::v4).address,
                                             denied_peer(net::Family::v6).address};
  return all;
}

std::string to_string(const Codes& codes) {
  return fmt::format("{}", fmt::join(codes, " or "));
}

std::string to_string(const std::vector<Delivery>& deliveries) {
  std::string text;
  for (const Delivery& delivery : deliveries) text += "\n    " + to_string(delivery);
  return deliveries.empty() ? " nothing" : text;
}

template <class T>
std::string shown(const std::optional<T>& value) {
  return value ? std::to_string(+*value) : "-";
}

void add(std::vector<Delivery>& all, std::vector<Delivery> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Trial::Trial(const TrialOptions& options)
    : actors_(cast(options.workers)),
      peers_(cast_of_peers()),
      memory_(actors_.size()),
      bed_(stage(options)),
      model_(limits_of(bed_.options())) {
  model_.now = bed_.now_ns();
  model_.deny(always_denied());
}

// --- comparing

void Trial::note(std::string line) {
  journal_.push_back(fmt::format("{:>14.9f} s  {}", static_cast<double>(model_.now) / 1e9, std::move(line)));
  if (journal_.size() > kJournalLines) journal_.pop_front();
}

std::string Trial::journal() const {
  return fmt::format("{}", fmt::join(journal_, "\n"));
}

void Trial::fail(const std::string& what) const {
  throw Mismatch(what + "\nafter\n" + journal());
}

bool Trial::is_client(const net::Endpoint& endpoint) const {
  return std::ranges::any_of(actors_, [&](const Actor& a) { return a.tuple.client == endpoint; });
}

Delivery Trial::take_apart(const Sent& sent) const {
  const port::SentDatagram& d = sent.datagram;
  if (!is_client(d.remote)) return {d.local, d.remote, Delivery::Form::plain, 0, {}, d.bytes};
  if (const auto message = stun::parse_channel_data(d.bytes)) {
    if (message->data.size() + stun::kChannelDataHeaderBytes != d.bytes.size()) fail("ChannelData with a tail");
    return {d.local,          d.remote, Delivery::Form::channel_data,
            message->channel, {},       {message->data.begin(), message->data.end()}};
  }
  const auto message = stun::MessageView::parse(d.bytes);
  if (!message || !message->is(stun::Method::data, stun::Class::indication)) fail("a client got what is no data");
  const auto peer = stun::xor_peer_address(*message);
  if (!peer) fail("a Data indication about nobody");
  if (const auto icmp = stun::icmp(*message)) {
    const auto number = static_cast<std::uint16_t>(icmp->type << 8 | icmp->code);
    return {d.local, d.remote, Delivery::Form::icmp, number, *peer, {}};
  }
  const auto data = stun::data(*message);
  if (!data) fail("a Data indication without DATA");
  return {d.local, d.remote, Delivery::Form::data_indication, 0, *peer, {data->begin(), data->end()}};
}

// Lets the workers do what there is to do, and compares everything.
void Trial::settle(std::vector<Delivery> expected) {
  bed_.run();
  bed_.run();  // gauges are of the pass before the last packets left
  std::vector<Delivery> seen;
  for (const Sent& sent : bed_.sent()) seen.push_back(take_apart(sent));
  bed_.sent().clear();
  std::ranges::sort(expected);
  std::ranges::sort(seen);
  if (seen != expected) fail("left:" + to_string(seen) + "\n  should have left:" + to_string(expected));
  compare_gauges();
}

void Trial::compare_gauge(const char* name, std::uint64_t value, const Model::Bounds& bounds) {
  if (value >= bounds.least && value <= bounds.most) return;
  fail(fmt::format("{} {}, should be {} to {}", value, name, bounds.least, bounds.most));
}

void Trial::compare_gauges() {
  std::uint64_t allocations = 0, permissions = 0, channels = 0;
  for (std::uint16_t worker = 0; worker < bed_.options().workers; ++worker) {
    const Stats& stats = bed_.stats(worker);
    allocations += stats.allocations.get();
    permissions += stats.permissions.get();
    channels += stats.channels.get();
    if (bed_.port(worker).packets_in_use() != 0 || bed_.shard(worker).counters().packets_in_use.get() != 0) {
      fail("a packet has not been given back");
    }
    records_ += bed_.records(worker).size();
  }
  compare_gauge("allocations", allocations, model_.live_allocations());
  compare_gauge("permissions", permissions, model_.live_permissions());
  compare_gauge("channels", channels, model_.live_channels());
  if (const std::string error = bed_.equation_error(); !error.empty()) fail(error);
}

// --- asking

stun::TransactionId Trial::next_id() {
  stun::TransactionId id{};
  stun::store_be64(id.data(), ++requests_);
  return id;
}

Client Trial::client(const Actor& actor, const Actor& credentials, const std::string& nonce) {
  Client client(bed_, actor.tuple.client, actor.worker, credentials.name, credentials.password);
  client.nonce = nonce;
  return client;
}

void Trial::learn_nonce(std::size_t who) {
  Client asking = client(actors_[who], actors_[who], {});
  const Reply reply = asking.exchange(asking.plain(stun::Method::allocate, requested_transport, next_id()));
  if (reply.code() != 401) fail(fmt::format("an Allocate without credentials was answered {}", reply.code()));
  memory_[who].nonce = {asking.nonce, model_.now};
}

Reply Trial::ask(std::size_t who, const Actor& credentials, stun::Method method, const Client::Fill& fill,
                 const Codes& right) {
  Nonce& nonce = memory_[who].nonce;
  if (nonce.text.empty()) learn_nonce(who);
  for (int attempt = 0; attempt < 2; ++attempt) {
    Client asking = client(actors_[who], credentials, nonce.text);
    last_request_ = {asking.signed_request(method, fill, next_id()), nonce};
    Reply reply = asking.exchange(last_request_.bytes);
    const int code = reply.code();
    const Nanoseconds age = model_.now - nonce.from;
    const bool refused = code == 438 || code == 401;
    if (age > kNonceSurelyStale && !refused) fail(fmt::format("a stale nonce was answered {}", code));
    if (refused && age > kNonceSurelyGood) {
      nonce = {asking.nonce, model_.now};
      continue;
    }
    if (!right.contains(code)) fail(fmt::format("answered {}, should be {}", code, to_string(right)));
    if (code != 401) check_integrity(credentials, reply);
    return reply;
  }
  fail("a new nonce was refused");
}

void Trial::check_integrity(const Actor& credentials, const Reply& reply) {
  const auto key = stun::long_term_key(stun::PasswordAlgorithm::md5, credentials.name, bed_.options().settings.realm,
                                       credentials.password);
  if (stun::verify_integrity(reply.view(), stun::HmacSha1(key.bytes())) != stun::Verdict::valid) {
    fail("an answer without integrity");
  }
}

// The answer to a message sent before with that nonce: sent again it meets the same or a stale nonce.
Reply Trial::repeat(std::size_t who, const Request& request, const Codes& right) {
  Client asking = client(actors_[who], actors_[who], request.nonce.text);
  Reply reply = asking.exchange(request.bytes);
  const int code = reply.code();
  const bool stale = (code == 438 || code == 401) && model_.now - request.nonce.from > kNonceSurelyGood;
  if (!stale && !right.contains(code)) fail(fmt::format("answered {}, should be {}", code, to_string(right)));
  return reply;
}

// --- requests

void Trial::check_allocate_answer(std::size_t who, const AllocateWish& wish, const Reply& reply) {
  const stun::MessageView answer = reply.view();
  const auto token = stun::reservation_token(answer);
  const std::string wrong = model_.allocated(actors_[who].tuple, actors_[who].user, wish, reply.relayed(),
                                             token ? std::optional(*token) : std::nullopt);
  if (!wrong.empty()) fail("the Allocate's answer has " + wrong);
  if (stun::lifetime_s(answer) != model_.granted_s(wish.lifetime_s)) fail("another LIFETIME than is due");
  if (stun::xor_mapped_address(answer) != actors_[who].tuple.client) fail("another XOR-MAPPED-ADDRESS than is due");
}

void Trial::allocate(std::size_t who, const AllocateWish& wish) {
  const Actor& actor = actors_[who];
  note(fmt::format("{} allocates: {}", who, to_string(wish)));
  const Reply reply = ask(
      who, actor, stun::Method::allocate, [&](stun::MessageBuilder& b) { write(b, wish); },
      model_.allocate(actor.tuple, actor.user, wish));
  if (reply.code() == 0) {
    check_allocate_answer(who, wish, reply);
    memory_[who].allocate = {last_request_, reply.bytes};
    ++made_;
  }
  settle({});
}

void Trial::repeat_allocate(std::size_t who) {
  const Memory& memory = memory_[who];
  if (memory.allocate.answer.empty() || model_.find(actors_[who].tuple) == nullptr) return;
  note(fmt::format("{} repeats its Allocate", who));
  const Reply reply = repeat(who, memory.allocate.request, {0});
  if (reply.code() == 0 && reply.bytes != memory.allocate.answer) fail("a repeated Allocate is answered otherwise");
  settle({});
}

void Trial::refresh(std::size_t who, std::optional<std::uint32_t> lifetime_s, std::optional<std::uint8_t> family) {
  refresh_as(who, who, lifetime_s, family);
}

void Trial::refresh_as(std::size_t who, std::size_t credentials, std::optional<std::uint32_t> lifetime_s,
                       std::optional<std::uint8_t> family) {
  const Actor& as = actors_[credentials];
  const ClientTuple& tuple = actors_[who].tuple;
  note(fmt::format("{} refreshes as {}: lifetime {} family {}", who, as.name, shown(lifetime_s), shown(family)));
  const auto fill = [&](stun::MessageBuilder& b) {
    if (lifetime_s) b.lifetime(*lifetime_s);
    const auto type = stun::to_wire(stun::AttributeType::requested_address_family);
    if (family) b.attribute(type, std::array<std::uint8_t, 4>{*family});
  };
  const Reply reply = ask(who, as, stun::Method::refresh, fill, model_.refresh(tuple, as.user, family));
  if (reply.code() == 0) {
    const std::uint32_t due = lifetime_s == 0U ? 0 : model_.granted_s(lifetime_s);
    if (stun::lifetime_s(reply.view()) != due) fail("another LIFETIME than is due");
    model_.refreshed(tuple, lifetime_s, family);
    if (model_.find(tuple) == nullptr) {
      memory_[who].ending = last_request_;
      memory_[who].ended_at = model_.now;
    }
  }
  settle({});
}

void Trial::repeat_last_refresh(std::size_t who) {
  const Memory& memory = memory_[who];
  if (memory.ending.bytes.empty() || model_.find(actors_[who].tuple) != nullptr) return;
  note(fmt::format("{} repeats the Refresh that ended its allocation", who));
  const Nanoseconds age = model_.now - memory.ended_at;
  Codes right = {0, 437};
  // The server remembers in a cache of fixed size, which what ended later may have displaced.
  const bool last =
      std::ranges::none_of(memory_, [&](const Memory& m) { return &m != &memory && m.ended_at >= memory.ended_at; });
  if (age <= kRetransmitted && last) right = {0};
  if (age > kForgotten) right = {437};
  repeat(who, memory.ending, right);
  settle({});
}

void Trial::permit(std::size_t who, const std::vector<net::Endpoint>& peers) {
  permit_as(who, who, peers);
}

void Trial::permit_as(std::size_t who, std::size_t credentials, const std::vector<net::Endpoint>& peers) {
  const Actor& as = actors_[credentials];
  const ClientTuple& tuple = actors_[who].tuple;
  std::string names;
  for (const net::Endpoint& peer : peers) names += " " + net::to_string(peer.address);
  note(fmt::format("{} permits as {}:{}", who, as.name, names));
  const auto fill = [&](stun::MessageBuilder& b) {
    for (const net::Endpoint& peer : peers) b.xor_peer_address(peer);
  };
  const Reply reply =
      ask(who, as, stun::Method::create_permission, fill, model_.create_permission(tuple, as.user, peers));
  if (reply.code() == 0) model_.permission_created(tuple, peers);
  settle({});
}

void Trial::bind(std::size_t who, std::uint16_t number, const net::Endpoint& peer) {
  const Actor& actor = actors_[who];
  note(fmt::format("{} binds {:#x} to {}", who, number, net::to_string(peer)));
  const Reply reply = ask(
      who, actor, stun::Method::channel_bind,
      [&](stun::MessageBuilder& b) { b.channel_number(number).xor_peer_address(peer); },
      model_.channel_bind(actor.tuple, actor.user, number, peer));
  if (reply.code() == 0) model_.channel_bound(actor.tuple, number, peer);
  settle({});
}

void Trial::binding(std::size_t who) {
  note(fmt::format("{} asks for its address", who));
  Client asking = client(actors_[who], actors_[who], {});
  const Reply reply = asking.exchange(asking.plain(stun::Method::binding, {}, next_id()));
  if (reply.code() != 0 || stun::xor_mapped_address(reply.view()) != asking.endpoint()) fail("a wrong Binding answer");
  settle({});
}

void Trial::wrong_password(std::size_t who, stun::Method method) {
  note(fmt::format("{} guesses a password", who));
  if (memory_[who].nonce.text.empty()) learn_nonce(who);
  Actor guess = actors_[who];
  guess.password += "?";
  Client asking = client(actors_[who], guess, memory_[who].nonce.text);
  const Reply reply = asking.exchange(asking.signed_request(method, requested_transport, next_id()));
  if (reply.code() != 401) fail(fmt::format("a wrong password was answered {}", reply.code()));
  settle({});
}

// --- data

void Trial::inject(std::size_t who, const Payload& bytes) {
  const Actor& actor = actors_[who];
  if (!bed_.inject(actor.worker, actor.tuple.server, actor.tuple.client, bytes)) fail("the port took no datagram");
}

void Trial::send(std::size_t who, const net::Endpoint& peer, const Payload& data) {
  note(fmt::format("{} sends {} bytes to {}", who, data.size(), net::to_string(peer)));
  inject(who, client(actors_[who], actors_[who], {}).send_indication(peer, data));
  settle(model_.send_indication(actors_[who].tuple, peer, data));
}

void Trial::channel_data(std::size_t who, std::uint16_t number, const Payload& data, std::size_t extra) {
  note(fmt::format("{} sends {} bytes over {:#x}", who, data.size(), number));
  Payload bytes = test::channel_data(number, data);
  bytes.resize(bytes.size() + extra);
  inject(who, bytes);
  settle(model_.channel_data(actors_[who].tuple, number, data));
}

void Trial::channel_train(std::size_t who, const std::vector<std::uint16_t>& numbers, const Payload& data) {
  note(fmt::format("{} sends {} bytes over each of {:#x}", who, data.size(), fmt::join(numbers, " ")));
  const Actor& actor = actors_[who];
  std::vector<Delivery> expected;
  Payload train;
  Payload one;
  for (const std::uint16_t number : numbers) {
    one = test::channel_data(number, data);
    train.insert(train.end(), one.begin(), one.end());
    add(expected, model_.channel_data(actor.tuple, number, data));
  }
  const auto segment = static_cast<std::uint16_t>(one.size());
  if (!bed_.inject_train(actor.worker, actor.tuple.server, actor.tuple.client, train, segment)) fail("no train taken");
  settle(std::move(expected));
}

void Trial::from_peer(const net::Endpoint& relayed, const net::Endpoint& peer, const Payload& data) {
  note(fmt::format("{} sends {} bytes to {}", net::to_string(peer), data.size(), net::to_string(relayed)));
  if (const auto worker = bed_.worker_of(relayed)) bed_.inject(*worker, relayed, peer, data);
  settle(model_.from_peer(relayed, peer, data));
}

void Trial::train_from_peer(const net::Endpoint& relayed, const net::Endpoint& peer, const Payload& data,
                            std::uint16_t segment) {
  note(fmt::format("{} sends {} bytes in a train of {} to {}", net::to_string(peer), data.size(), segment,
                   net::to_string(relayed)));
  if (const auto worker = bed_.worker_of(relayed)) bed_.inject_train(*worker, relayed, peer, data, segment);
  std::vector<Delivery> expected;
  for (std::size_t at = 0; at < data.size(); at += segment) {
    const auto first = data.begin() + static_cast<std::ptrdiff_t>(at);
    const auto size = static_cast<std::ptrdiff_t>(std::min<std::size_t>(segment, data.size() - at));
    add(expected, model_.from_peer(relayed, peer, {first, first + size}));
  }
  settle(std::move(expected));
}

void Trial::icmp_error(const net::Endpoint& relayed, const net::Endpoint& peer, std::uint8_t type, std::uint8_t code) {
  note(fmt::format("ICMP {}/{} from {} for {}", type, code, net::to_string(peer), net::to_string(relayed)));
  if (const auto worker = bed_.worker_of(relayed)) {
    bed_.port(*worker).inject_icmp_error({bed_.port(*worker).find(relayed), peer, type, code, 0});
  }
  settle(model_.icmp_error(relayed, peer, type, code));
}

void Trial::noise(std::size_t who, const Payload& bytes) {
  note(fmt::format("{} sends {} bytes of noise", who, bytes.size()));
  inject(who, bytes);
  settle({});
}

void Trial::probe() {
  note("everybody sends to everybody");
  std::vector<Delivery> expected;
  std::uint8_t fill = 0;
  const auto both_ways = [&](std::size_t who, const net::Endpoint& peer, std::optional<std::uint16_t> number) {
    const Payload data(20, ++fill);
    const ClientTuple& tuple = actors_[who].tuple;
    inject(who, number ? test::channel_data(*number, data)
                       : client(actors_[who], actors_[who], {}).send_indication(peer, data));
    add(expected, number ? model_.channel_data(tuple, *number, data) : model_.send_indication(tuple, peer, data));
    const auto& relayed = model_.allocations().at(tuple).relayed;
    const auto from = relayed.find(peer.address.family());
    if (from == relayed.end() || from->second.address == peer.address) return;
    const auto worker = bed_.worker_of(from->second);
    if (worker) bed_.inject(*worker, from->second, peer, data);
    add(expected, model_.from_peer(from->second, peer, data));
  };
  for (std::size_t who = 0; who < actors_.size(); ++who) {
    const auto found = model_.allocations().find(actors_[who].tuple);
    if (found == model_.allocations().end()) continue;
    for (const auto& [address, expires] : found->second.permissions) both_ways(who, {address, 5000}, std::nullopt);
    for (const auto& [number, channel] : found->second.channels) both_ways(who, channel.peer, number);
  }
  settle(std::move(expected));
}

// --- time and the operator

void Trial::advance(Nanoseconds ns) {
  advance_to(model_.now + ns);
}

void Trial::advance_to(Nanoseconds then) {
  note(fmt::format("{} s pass", static_cast<double>(then - model_.now) / 1e9));
  bed_.advance(then - model_.now);
  model_.now = then;
  settle({});
}

void Trial::deny(const std::set<net::Address>& addresses) {
  note(fmt::format("a reload denies {} more addresses", addresses.size()));
  Settings settings = bed_.options().settings;
  std::set<net::Address> all = always_denied();
  for (const net::Address& address : addresses) {
    settings.peers.push_back({{address, 128}, false});
    all.insert(address);
  }
  bed_.reload(settings);
  model_.deny(all);
  settle({});
}

void Trial::begin_drain() {
  note("the drain begins");
  bed_.tell(MessageKind::begin_drain);
  model_.draining = true;
  settle({});
}

void Trial::finish(bool drain) {
  if (drain) {
    note("the drain ends");
    bed_.tell(MessageKind::end_drain);
    model_.end_drain();
    settle({});
  } else {
    advance(3601 * kSecond);
  }
  advance(61 * kSecond);
  std::uint64_t left = 0;
  for (std::uint16_t worker = 0; worker < bed_.options().workers; ++worker) {
    const Stats& stats = bed_.stats(worker);
    left += stats.allocations.get() + stats.allocations_pending.get() + stats.allocations_draining.get() +
            stats.reservations.get() + stats.permissions.get() + stats.channels.get() + stats.users.get() +
            bed_.shard(worker).flows().size();
  }
  for (std::uint8_t address = 0; address < bed_.options().fixed.relay_addresses.size(); ++address) {
    left += bed_.shared().directory.claimed(address);
  }
  if (left != 0) fail(fmt::format("{} entries are left when all is over", left));
  if (bed_.host().open_endpoints() != bed_.options().fixed.listen.size()) fail("relayed ports are left open");
  if (records_ != made_) fail(fmt::format("{} records of {} allocations", records_, made_));
}

}  // namespace penstock::turn::test
