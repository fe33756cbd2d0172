#pragma once
// A receiving endpoint on its way to another worker: the form that control fills in, and the case that the workers
// pack.
//
// Control, when it wants an endpoint that publishes nothing on another worker:
//  1. chooses slots for it and its subscriptions there, adds the mirrors that they will need (AddMirror, SetTrack), and
//     waits until all workers concerned have applied that;
//  2. makes a Transfer and sends MoveEndpoint to the old worker; from then on it changes nothing about that endpoint
//     until state() is done;
//  3. at done, its slots for subscriptions on the old worker are free. The endpoint's slot there is not: the client
//     goes on sending to the old worker's UDP port, and that slot is its forwarding address. RestartIce goes to both
//     workers from then on, everything else to the new one alone;
//  4. when the endpoint ends, RemoveEndpoint goes to both.
// An endpoint that is away may move home again, with its forwarding address as Transfer::endpoint; at done,
// RemoveEndpoint goes to the worker that it was on. To a third worker it goes by way of home.

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/sfu/parameters.h"

namespace penstock::sfu {

/// Everything an endpoint has (keys, numbers sent, histories); the workers' business (move.h).
struct Luggage;

class Transfer {
 public:
  struct Place {
    SubscriptionSlot from = kNoSlot;     ///< on the old worker
    SubscriptionSlot to = kNoSlot;       ///< on the new one, free
    std::uint32_t generation = 0;        ///< of the new slot
    TrackSlot track = kNoSlot;           ///< on the new worker, what it refers to: the track itself, or a mirror
    std::uint32_t track_generation = 0;  ///< of that slot: it may have ended meanwhile, and be another's
  };
  enum class State : std::uint8_t {
    asked,      ///< the old worker has it still
    under_way,  ///< neither has it: for less than a pass of the new one
    done,       ///< the new worker has it
  };

  /// All subscriptions of the endpoint are among `places`. Takes room for everything, about 35 KB and 20 KB more for
  /// each subscription.
  Transfer(std::uint16_t worker, EndpointSlot endpoint, std::uint32_t generation, std::vector<Place> places);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  std::uint16_t worker() const { return worker_; }  ///< the new one
  EndpointSlot endpoint() const { return endpoint_; }
  std::uint32_t generation() const { return generation_; }
  const std::vector<Place>& places() const { return places_; }
  Luggage& luggage() { return *luggage_; }
  const Luggage& luggage() const { return *luggage_; }

  /// Any thread.
  State state() const { return state_.load(std::memory_order_acquire); }
  void set_state(State state) { state_.store(state, std::memory_order_release); }

 private:
  std::uint16_t worker_;
  EndpointSlot endpoint_;
  std::uint32_t generation_;
  std::vector<Place> places_;
  std::unique_ptr<Luggage> luggage_;
  std::atomic<State> state_{State::asked};
};

/// Transfers that wait on a worker, in order. Each is in one queue at most.
class TransferQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  Transfer& first() { return *first_; }  ///< not when it is empty
  void add(Transfer& transfer);
  /// Leaves the first to whoever is next.
  void drop_first();

 private:
  Transfer* first_ = nullptr;
  Transfer* last_ = nullptr;
};

}  // namespace penstock::sfu
