#pragma once
// Allocations of all workers, as an operator lists and ends them. Workers are asked by message and answer when they
// come to it; nobody waits.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/engine/message.h"
#include "turn/survey.h"

namespace penstock::control::api {

/// On the control thread. When it is destroyed, no worker may look at its messages any more.
class TurnAllocations {
 public:
  using Post = std::function<void(std::uint16_t worker, const engine::Message&)>;
  struct Page {
    std::vector<turn::AllocationRow> rows;
    std::optional<std::uint64_t> next;  ///< nothing: that was all
  };

  /// `post` never loses a message.
  TurnAllocations(boost::asio::io_context& io, std::uint16_t workers, Post post);
  ~TurnAllocations();
  TurnAllocations(const TurnAllocations&) = delete;
  TurnAllocations& operator=(const TurnAllocations&) = delete;

  /// Up to `most`, in no order that means anything, from `from` on: 0, or the page before's `next`.
  void list(std::uint64_t from, std::size_t most, std::function<void(const Page&)> done);
  /// nullptr: there is none with this id.
  void find(std::uint64_t id, std::function<void(const turn::AllocationRow*)> done);
  /// False likewise.
  void end(std::uint64_t id, std::function<void(bool)> done);

 private:
  struct Question;

  void ask(std::uint16_t worker, std::unique_ptr<Question> question);
  void poll();
  void look();

  boost::asio::steady_timer timer_;
  const std::uint16_t workers_;
  const Post post_;
  std::list<std::unique_ptr<Question>> questions_;
  bool polling_ = false;
};

}  // namespace penstock::control::api
