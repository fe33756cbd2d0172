#pragma once
// A handshake thread: sleeps until a worker or control has something for it or a timer is due.

#include <atomic>
#include <mutex>
#include <thread>
#include <variant>

#include "control/dtls/associations.h"
#include "control/dtls/handshakes.h"
#include "control/dtls/outbox.h"

namespace penstock::control::dtls {

struct AddPeer {
  Peer peer;
};
struct RemoveEndpoint {
  EndpointRef endpoint;
};
struct SettleEndpoint {
  EndpointRef endpoint;
};
struct MoveEndpoint {
  EndpointRef from, to;
};
/// What control asks of a thread.
using Request = std::variant<AddPeer, RemoveEndpoint, SettleEndpoint, MoveEndpoint>;

class Handshakes::Thread {
 public:
  /// Serves the workers `first`, `first` + `step`, ... of `lanes`. The error says what the system lacks.
  static tl::expected<std::unique_ptr<Thread>, std::string> create(const Options& options,
                                                                   const Certificate& certificate,
                                                                   std::span<sfu::HandshakeLanes* const> lanes,
                                                                   std::size_t first, std::size_t step, Wake wake,
                                                                   Tell tell);
  ~Thread();
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  /// Not before all threads were created.
  void start();
  /// From control's thread.
  void ask(Request request);
  const Counters& counters() const { return counters_; }

 private:
  Thread(const Options& options, Context context, int wake_descriptor, std::span<sfu::HandshakeLanes* const> lanes,
         Wake wake, Tell tell);
  void run();
  /// Does all there is to do, within bounds; true when something was left.
  bool pass();
  void serve(std::uint16_t worker);
  void take_requests(Time now);
  void sleep();

  struct Served {
    std::uint16_t worker;
    sfu::HandshakeLanes* lanes;
  };

  Counters counters_;
  Context context_;
  int wake_descriptor_;
  Outbox outbox_;
  Associations associations_;
  std::vector<Served> served_;
  std::vector<sfu::HandshakeDatagram> taken_;

  std::mutex mutex_;
  std::vector<Request> requests_;  ///< under mutex_
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace penstock::control::dtls
