#include "dataplane/port/kernel/forwarding_view.h"

#include <fmt/format.h>

#include <bit>

namespace penstock::port {
namespace {

/// A version that no path has.
constexpr std::uint32_t kNoVersion = UINT32_MAX;

NoPath reason(RouteKind kind) {
  switch (kind) {
    case RouteKind::local:
      return NoPath::local;
    case RouteKind::broadcast:
      return NoPath::not_unicast;
    case RouteKind::not_ours:
      return NoPath::not_ours;
    case RouteKind::none:
    case RouteKind::unicast:
    case RouteKind::unreachable:
      break;
  }
  return NoPath::no_route;
}

}  // namespace

tl::expected<std::unique_ptr<ForwardingView>, std::string> ForwardingView::create(ForwardingState& state,
                                                                                  std::size_t cache_entries) {
  ForwardingState::Reader* const reader = state.join();
  if (reader == nullptr) {
    return tl::unexpected(fmt::format("more than {} workers want to see routes; use fewer", state.kMostViews));
  }
  return std::unique_ptr<ForwardingView>(new ForwardingView(state, *reader, std::bit_ceil(cache_entries)));
}

ForwardingView::ForwardingView(ForwardingState& state, ForwardingState::Reader& reader, std::size_t cache_entries)
    : state_(state), reader_(reader), version_(kNoVersion), cache_(cache_entries) {
  refresh();
}

ForwardingView::~ForwardingView() {
  state_.leave(reader_);
}

void ForwardingView::take_in(std::uint64_t generation) {
  generation_ = generation;
  routing_ = &state_.look(reader_);
  version_ = routing_->version;
}

void ForwardingView::rest() {
  generation_ = 0;
  routing_ = nullptr;
  version_ = kNoVersion;
  reader_.looks_at.store(nullptr);
  reader_.seen.store(ForwardingState::kIdle);
}

net::PathId ForwardingView::resolve_anew(Remembered& entry, const net::Address& source, const net::Address& remote) {
  if (routing_ == nullptr) return refuse(NoPath::no_route);
  const RouteMatch match = routing_->table->find(source, remote);
  if (match.kind != RouteKind::unicast) return refuse(reason(match.kind));
  const bool on_link = match.hop.neighbour == remote;
  const auto added = state_.hops.find_or_add(match.hop, now_s_, on_link ? kMostOnLinkHops : kMostHops);
  if (!added) return refuse(NoPath::hop_table_full);
  if (added->is_new) state_.mirror_waker.wake();
  entry = {source, remote, Path::make(version_, added->index)};
  return entry.path;
}

net::PathId ForwardingView::refuse(NoPath why) {
  why_ = why;
  return net::kNoPath;
}

}  // namespace penstock::port
