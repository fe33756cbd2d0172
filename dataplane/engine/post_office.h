#pragma once
// Every lane between two threads, made before the workers start and unchanged afterwards.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/engine/message.h"
#include "dataplane/net/mailbox.h"
#include "dataplane/net/packet.h"
#include "dataplane/port/port.h"

namespace penstock::engine {

/// A packet on its way to another worker.
struct HandedOver {
  net::Packet* packet;
  std::uint64_t service;  ///< ServiceId
};

/// What others send to one worker, a lane per sender.
struct Inbox {
  std::vector<net::Mailbox<HandedOver>> packets;  ///< by sending worker
  std::vector<net::Mailbox<Message>> messages;    ///< by sending worker; the last lane is control's
  std::atomic<port::Port*> port{nullptr};         ///< to wake the worker; set while it lives
};

struct PostOfficeOptions {
  std::uint16_t workers = 1;
  unsigned packets = 1024;   ///< handed-over packets under way between two workers, at most
  unsigned messages = 1024;  ///< messages under way between two threads, at most
};

class PostOffice {
 public:
  /// `name` tells several in one process apart (tests).
  static tl::expected<std::unique_ptr<PostOffice>, std::string> create(const std::string& name,
                                                                       const PostOfficeOptions& options);

  std::uint16_t workers() const { return static_cast<std::uint16_t>(inboxes_.size()); }
  Inbox& inbox(std::uint16_t worker) { return *inboxes_[worker]; }

  /// From worker `sender` or kControl to a worker. False when the lane is full. Does not wake.
  bool send(std::uint16_t sender, std::uint16_t worker, const Message& message);
  bool hand_over(std::uint16_t sender, std::uint16_t worker, const HandedOver& packet);
  /// From a worker to control.
  bool send_to_control(std::uint16_t sender, const Message& message) { return to_control_[sender].send(message); }
  /// Takes what worker `sender` sent to control.
  unsigned take_for_control(std::uint16_t sender, std::span<Message> out) { return to_control_[sender].take(out); }
  /// Ends the worker's wait, if it waits. From any thread.
  void wake(std::uint16_t worker);

 private:
  PostOffice() = default;

  std::vector<std::unique_ptr<Inbox>> inboxes_;
  std::vector<net::Mailbox<Message>> to_control_;  ///< by sending worker
};

}  // namespace penstock::engine
