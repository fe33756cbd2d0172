#include "dataplane/sfu/transfer.h"

#include "dataplane/sfu/move.h"

namespace penstock::sfu {

Luggage::~Luggage() {
  srtp::wipe(keys.client);
  srtp::wipe(keys.server);
}

Transfer::Transfer(std::uint16_t worker, EndpointSlot endpoint, std::uint32_t generation, std::vector<Place> places)
    : worker_(worker),
      endpoint_(endpoint),
      generation_(generation),
      places_(std::move(places)),
      luggage_(std::make_unique<Luggage>(places_.size())) {}

Transfer::~Transfer() = default;

void TransferQueue::add(Transfer& transfer) {
  transfer.luggage().next = nullptr;
  (last_ == nullptr ? first_ : last_->luggage().next) = &transfer;
  last_ = &transfer;
}

void TransferQueue::drop_first() {
  first_ = first_->luggage().next;
  if (first_ == nullptr) last_ = nullptr;
}

}  // namespace penstock::sfu
