#include "dataplane/engine/post_office.h"

#include <fmt/format.h>

namespace penstock::engine {
namespace {

template <class T>
tl::expected<void, std::string> add_lane(std::vector<net::Mailbox<T>>& lanes, const std::string& name,
                                         unsigned capacity) {
  auto lane = net::Mailbox<T>::create(name, capacity);
  if (!lane) return tl::unexpected(lane.error());
  lanes.push_back(std::move(*lane));
  return {};
}

}  // namespace

tl::expected<std::unique_ptr<PostOffice>, std::string> PostOffice::create(const std::string& name,
                                                                          const PostOfficeOptions& options) {
  std::unique_ptr<PostOffice> office(new PostOffice);
  tl::expected<void, std::string> good;
  for (unsigned to = 0; to < options.workers; ++to) {
    office->inboxes_.push_back(std::make_unique<Inbox>());
    Inbox& inbox = *office->inboxes_.back();
    for (unsigned from = 0; good && from < options.workers; ++from) {
      good = add_lane(inbox.packets, fmt::format("{}p{}-{}", name, from, to), options.packets);
    }
    for (unsigned from = 0; good && from <= options.workers; ++from) {
      good = add_lane(inbox.messages, fmt::format("{}m{}-{}", name, from, to), options.messages);
    }
    if (good) good = add_lane(office->to_control_, fmt::format("{}c{}", name, to), options.messages);
    if (!good) return tl::unexpected(good.error());
  }
  return office;
}

bool PostOffice::send(std::uint16_t sender, std::uint16_t worker, const Message& message) {
  auto& lanes = inboxes_[worker]->messages;
  return (sender == kControl ? lanes.back() : lanes[sender]).send(message);
}

bool PostOffice::hand_over(std::uint16_t sender, std::uint16_t worker, const HandedOver& packet) {
  return inboxes_[worker]->packets[sender].send(packet);
}

void PostOffice::wake(std::uint16_t worker) {
  if (port::Port* port = inboxes_[worker]->port.load(std::memory_order_acquire); port != nullptr) port->wake();
}

}  // namespace penstock::engine
