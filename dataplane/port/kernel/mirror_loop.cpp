#include "dataplane/port/kernel/mirror_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "dataplane/port/kernel/monotonic.h"

namespace penstock::port {
namespace {

constexpr std::uint64_t kTick_ms = 250;
constexpr std::uint64_t kResync_ms = 60'000;
constexpr std::uint64_t kResyncRetry_ms = 1'000;
constexpr unsigned kTornDumps = 3;
// Buffers of notices per turn, so that taps do not wait behind a flood of them.
constexpr unsigned kNoticeBuffers = 64;

constexpr std::uint32_t kLocalRule = 0, kMainRule = 32766, kDefaultRule = 32767;

/// The rules that every host has: the local table, the main table, the default table, for all packets.
bool is_usual(const RuleMessage& rule) {
  if (!rule.plain) return false;
  return (rule.priority == kLocalRule && rule.table == RT_TABLE_LOCAL) ||
         (rule.priority == kMainRule && rule.table == RT_TABLE_MAIN) ||
         (rule.priority == kDefaultRule && rule.table == RT_TABLE_DEFAULT);
}

/// Reads all of a kind, again when it changed meanwhile; what was seen twice is told twice.
template <class F>
bool dump(NetlinkSocket& socket, std::uint16_t type, F on_message, std::uint8_t family = AF_UNSPEC) {
  for (unsigned attempt = 0; attempt < kTornDumps; ++attempt) {
    const int error = socket.ask(dump_request(type, family), on_message);
    if (error == 0) return true;
    if (error != EINTR) return false;
  }
  return false;
}

}  // namespace

MirrorLoop::MirrorLoop(NetlinkSocket requests, NetlinkSocket notices, std::function<void()> wake_workers)
    : requests_(std::move(requests)),
      notices_(std::move(notices)),
      links_(state_.interfaces),
      resolver_(state_, links_, requests_, counters_.netlink_errors),
      routes_(state_, links_, requests_, counters_),
      poll_{{state_.mirror_waker.fd(), POLLIN, 0}, {notices_.fd(), POLLIN, 0}},
      wake_workers_(std::move(wake_workers)) {}

void MirrorLoop::add_device(std::uint16_t device, const std::string& name, unsigned ifindex) {
  links_.add_device(device, name, ifindex);
}

void MirrorLoop::add_tap(std::uint16_t device, Tap tap, unsigned workers) {
  poll_.push_back({tap.fd(), POLLIN, 0});
  taps_.push_back({device, std::make_unique<ExceptionPath>(std::move(tap), workers, state_.mirror_waker)});
}

tl::expected<void, std::string> MirrorLoop::start() {
  const std::uint64_t now_ms = monotonic_ms();
  if (!resync(now_ms)) return tl::unexpected(std::string("cannot read the kernel's links and addresses over netlink"));
  turn(now_ms);
  if (counters_.route_updates.get() == 0) {
    return tl::unexpected(std::string("cannot read the kernel's routes over netlink"));
  }
  return {};
}

void MirrorLoop::run() {
  bool busy = true;
  while (!stopping_.load(std::memory_order_acquire)) {
    sleep(busy);
    busy = turn(monotonic_ms());
    tell_workers();
  }
}

void MirrorLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  state_.mirror_waker.wake();
}

void MirrorLoop::sleep(bool busy) {
  const std::uint64_t now_ms = monotonic_ms();
  const std::uint64_t until_ms = std::min({next_tick_ms_, routes_.due_ms(), next_resync_ms_});
  const bool may_sleep = state_.mirror_waker.begin_sleep() && !busy && until_ms > now_ms;
  poll(poll_.data(), poll_.size(), may_sleep ? static_cast<int>(until_ms - now_ms) : 0);
  state_.mirror_waker.end_sleep();
  if (poll_[0].revents != 0) state_.mirror_waker.drain();
}

/// One turn of the loop; true when there is more to do at once.
bool MirrorLoop::turn(std::uint64_t now_ms) {
  bool busy = move_frames();
  take_notices();
  if (now_ms >= next_resync_ms_) resync(now_ms);
  settle_links();
  if (std::exchange(rules_changed_, false)) read_rules();
  tick(now_ms);
  routes_.update(now_ms, [this] { move_frames(); });
  busy = resolver_.advance(now_ms) || busy;
  state_.collect();
  return busy;
}

void MirrorLoop::take_notices() {
  for (unsigned i = 0; i < kNoticeBuffers; ++i) {
    const auto notices = notices_.take_notices([this](const nlmsghdr& message) { on_notice(message); });
    if (notices == NetlinkSocket::Notices::none) return;
    if (notices == NetlinkSocket::Notices::lost) {
      counters_.netlink_errors.add();
      next_resync_ms_ = 0;
    }
  }
}

void MirrorLoop::on_notice(const nlmsghdr& message) {
  switch (message.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      if (const auto link = parse_link(message)) links_.apply(*link);
      links_changed_ = true;
      break;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      if (const auto address = parse_address(message)) links_.apply(*address);
      links_changed_ = true;
      break;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      settle_links();
      if (const auto neighbour = parse_neighbour(message)) resolver_.apply(*neighbour);
      break;
    case RTM_NEWRULE:
    case RTM_DELRULE:
      rules_changed_ = true;
      break;
    default:
      routes_.mark_changed();  // routes, and next-hop objects that routes refer to
      break;
  }
}

bool MirrorLoop::resync(std::uint64_t now_ms) {
  counters_.resyncs.add();
  std::vector<LinkMessage> links;
  std::vector<AddressMessage> addresses;
  const auto keep = [](auto& list, auto message) {
    if (message) list.push_back(std::move(*message));
  };
  const bool read = dump(requests_, RTM_GETLINK, [&](const nlmsghdr& m) { keep(links, parse_link(m)); }) &&
                    dump(requests_, RTM_GETADDR, [&](const nlmsghdr& m) { keep(addresses, parse_address(m)); });
  next_resync_ms_ = now_ms + (read ? kResync_ms : kResyncRetry_ms);
  if (!read) {
    counters_.netlink_errors.add();
    return false;
  }
  links_.clear();
  for (const LinkMessage& link : links) links_.apply(link);
  for (const AddressMessage& address : addresses) links_.apply(address);
  links_changed_ = true;
  rules_changed_ = true;
  settle_links();
  resolver_.refresh_all();
  return true;
}

/// After links or addresses changed: interfaces first, then what depends on them.
void MirrorLoop::settle_links() {
  if (!std::exchange(links_changed_, false)) return;
  for (const LinkModel::Change& change : links_.update_interfaces()) resolver_.apply(change);
  if (links_.touched()) state_.touch();
  routes_.mark_changed();
  counters_.interfaces.set(links_.size());
  const std::lock_guard lock(facts_mutex_);
  facts_ = links_.facts();
  link_warnings_ = links_.warnings();
}

void MirrorLoop::read_rules() {
  std::vector<std::string> warnings;
  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    unsigned unusual = 0;
    const auto count = [&](const nlmsghdr& message) {
      const auto rule = parse_rule(message);
      if (rule && !is_usual(*rule)) ++unusual;
    };
    dump(requests_, RTM_GETRULE, count, family);
    if (unusual == 0) continue;
    const char* const flag = family == AF_INET ? "-4" : "-6";
    warnings.push_back(
        fmt::format("{} policy rule{} of `ip {} rule` {} not followed: packets of the relay are routed by "
                    "the tables local and main alone",
                    unusual, unusual == 1 ? "" : "s", flag, unusual == 1 ? "is" : "are"));
  }
  const std::lock_guard lock(facts_mutex_);
  rule_warnings_ = std::move(warnings);
}

bool MirrorLoop::move_frames() {
  bool more = false;
  for (const TapPath& tap : taps_) more = tap.path->move_frames() || more;
  return more;
}

void MirrorLoop::tell_workers() {
  std::uint64_t injected = 0;
  for (const TapPath& tap : taps_) injected += tap.path->counters().injected.get();
  const bool news = state_.generation() != told_generation_ || injected != told_injected_;
  told_generation_ = state_.generation();
  told_injected_ = injected;
  if (news && wake_workers_) wake_workers_();
}

void MirrorLoop::tick(std::uint64_t now_ms) {
  if (now_ms < next_tick_ms_) return;
  next_tick_ms_ = now_ms + kTick_ms;
  state_.set_now(static_cast<std::uint32_t>(now_ms / 1'000));
  const auto states = resolver_.count_states();
  for (std::size_t i = 0; i < states.size(); ++i) counters_.neighbours[i].set(states[i]);
}

ExceptionPath* MirrorLoop::exception_path(std::uint16_t device) {
  const auto it = std::ranges::find(taps_, device, &TapPath::device);
  return it == taps_.end() ? nullptr : it->path.get();
}

std::vector<InterfaceFacts> MirrorLoop::interfaces() const {
  const std::lock_guard lock(facts_mutex_);
  return facts_;
}

std::vector<std::string> MirrorLoop::warnings() const {
  const std::lock_guard lock(facts_mutex_);
  std::vector<std::string> all = link_warnings_;
  all.insert(all.end(), rule_warnings_.begin(), rule_warnings_.end());
  return all;
}

}  // namespace penstock::port
