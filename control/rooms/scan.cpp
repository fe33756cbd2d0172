#include "control/rooms/changes.h"
#include "control/rooms/view_of.h"
#include "control/rooms/watch.h"

namespace penstock::control::rooms {
namespace {

// A publisher chooses the size of every key frame, and each event goes to every listener.
constexpr std::uint64_t kSizePeriod_ns = 1'000'000'000;

std::uint64_t later(const Batch& batch, std::chrono::nanoseconds timeout) {
  return batch.now().monotonic_ns + static_cast<std::uint64_t>(timeout.count());
}

void on_ice(Batch& batch, Endpoint& endpoint, IceViewState state) {
  const Options& options = batch.state().options;
  set_ice(batch, endpoint, state);
  if (state == IceViewState::connected) {
    const bool secured = endpoint.dtls == DtlsState::secured;
    if (endpoint.dtls != DtlsState::failed) endpoint.failure.clear();
    set_deadline(batch, endpoint, secured ? 0 : later(batch, options.connect_timeout));
  } else {
    set_deadline(batch, endpoint, later(batch, options.lost_timeout));
  }
  Event event = event_of(EventType::endpoint_ice, endpoint);
  event.state = kIceViewStateNames[static_cast<std::size_t>(state)];
  batch.event(std::move(event));
}

void scan_endpoint(Batch& batch, Endpoint& endpoint) {
  const auto* status = status_of(batch.state(), endpoint);
  if (status == nullptr) return;
  switch (static_cast<sfu::IceState>(status->ice.get())) {
    case sfu::IceState::waiting:
      return;
    case sfu::IceState::connected:
      if (endpoint.ice != IceViewState::connected) on_ice(batch, endpoint, IceViewState::connected);
      return;
    case sfu::IceState::disconnected:
      // A short connection may have come and gone between two looks.
      if (endpoint.ice == IceViewState::connected || endpoint.ice == IceViewState::waiting) {
        on_ice(batch, endpoint, IceViewState::disconnected);
      }
      return;
  }
}

/// Activity at once; changes of size alone at most once in kSizePeriod_ns, the last one in the end. False when one is
/// left to tell.
bool scan_track(Batch& batch, Track& track) {
  const auto* status = status_of(batch.state(), track);
  if (status == nullptr) return true;
  bool all_told = true;
  for (std::uint32_t i = 0; i < track.parameters.encoding_count; ++i) {
    const sfu::EncodingStatus& encoding = status->encodings[i];
    const Track::Told now{.active = encoding.active.get() != 0,
                          .width = static_cast<std::uint32_t>(encoding.width.get()),
                          .height = static_cast<std::uint32_t>(encoding.height.get())};
    if (now == track.told[i]) continue;
    if (now.active == track.told[i].active) {
      if (batch.now().monotonic_ns < track.next_size_ns[i]) {
        all_told = false;
        continue;
      }
      track.next_size_ns[i] = batch.now().monotonic_ns + kSizePeriod_ns;
    }
    track.told[i] = now;
    Event event = event_of(EventType::track_encoding, track);
    event.encoding = i;
    event.active = now.active;
    if (now.width != 0) {
      event.width = now.width;
      event.height = now.height;
    }
    batch.event(std::move(event));
  }
  return all_told;
}

void scan_tracks(Batch& batch, Worker& worker) {
  std::set<std::uint32_t> slots = std::exchange(worker.sizes_to_tell, {});
  worker.media.board->dirty_tracks.take([&](std::uint32_t slot) { slots.insert(slot); });
  for (const std::uint32_t slot : slots) {
    Track* track = worker.tracks.at(slot);
    if (track != nullptr && !scan_track(batch, *track)) worker.sizes_to_tell.insert(slot);
  }
}

void scan_subscription(Batch& batch, Subscription& subscription) {
  const auto* status = status_of(batch.state(), subscription);
  if (status == nullptr) return;
  const auto now = static_cast<std::uint8_t>(status->spatial_layer.get());
  const auto target = static_cast<std::uint8_t>(status->target_spatial_layer.get());
  if (now == subscription.spatial_layer && target == subscription.target_spatial_layer) return;
  subscription.spatial_layer = now;
  subscription.target_spatial_layer = target;
  Event event = event_of(EventType::subscription_layer, subscription);
  if (now != sfu::kAnyLayer) event.spatial_layer = now;
  if (target != sfu::kAnyLayer) event.target_spatial_layer = target;
  batch.event(std::move(event));
}

}  // namespace

void scan(Batch& batch) {
  for (const auto& worker : batch.state().workers) {
    sfu::Board& board = *worker->media.board;
    board.dirty_endpoints.take([&](std::uint32_t slot) {
      if (Endpoint* endpoint = worker->endpoints.at(slot)) scan_endpoint(batch, *endpoint);
    });
    scan_tracks(batch, *worker);
    board.dirty_subscriptions.take([&](std::uint32_t slot) {
      if (Subscription* subscription = worker->subscriptions.at(slot)) scan_subscription(batch, *subscription);
    });
  }
}

void scan(Batch& batch, Endpoint& endpoint) {
  scan_endpoint(batch, endpoint);
  for (const auto& [id, subscription] : endpoint.subscriptions) scan_subscription(batch, *subscription);
}

}  // namespace penstock::control::rooms
