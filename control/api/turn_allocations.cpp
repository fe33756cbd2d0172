#include "control/api/turn_allocations.h"

#include <chrono>
#include <utility>

#include "turn/messages.h"

namespace penstock::control::api {
namespace {

// Workers answer within a pass, or when they are woken.
constexpr std::chrono::milliseconds kPollEvery{1};

// Where a listing goes on: the worker above, the index below.
std::uint64_t cursor(std::uint16_t worker, std::uint32_t index) {
  return std::uint64_t{worker} << 32 | index;
}

}  // namespace

/// What a worker has been asked, and what to do with the answer. A message carries its address.
struct TurnAllocations::Question {
  virtual ~Question() = default;
  virtual bool answered() const = 0;
  virtual engine::Message message() = 0;
  /// Another question to the worker that it returns, or none: then it has told whoever asked.
  virtual std::optional<std::uint16_t> go_on() = 0;
};

namespace {

template <class Body>
struct Asked {
  Body body;
  bool done() const { return body.done.load(std::memory_order_acquire); }
  engine::Message message(turn::MessageKind kind) { return turn::message(kind, &body); }
};

}  // namespace

TurnAllocations::TurnAllocations(boost::asio::io_context& io, std::uint16_t workers, Post post)
    : timer_(io), workers_(workers), post_(std::move(post)) {}

TurnAllocations::~TurnAllocations() = default;

void TurnAllocations::list(std::uint64_t from, std::size_t most, std::function<void(const Page&)> done) {
  struct Listing final : Question {
    Asked<turn::Survey> asked;
    std::vector<turn::AllocationRow> rows;
    std::size_t found = 0;
    std::uint16_t worker = 0, workers = 0;
    std::function<void(const Page&)> done;

    bool answered() const override { return asked.done(); }
    engine::Message message() override {
      asked.body.rows = std::span(rows).subspan(found);
      asked.body.done.store(false, std::memory_order_relaxed);
      return asked.message(turn::MessageKind::survey);
    }
    std::optional<std::uint16_t> go_on() override {
      found += asked.body.found;
      asked.body.from = asked.body.next;
      if (asked.body.next == turn::kNone) {
        ++worker;
        asked.body.from = 0;
      }
      if (found < rows.size() && worker < workers) return worker;
      rows.resize(found);
      done({std::move(rows), worker < workers ? std::optional(cursor(worker, asked.body.from)) : std::nullopt});
      return std::nullopt;
    }
  };
  if (from >> 32 >= workers_ || most == 0) return done({});
  const auto worker = static_cast<std::uint16_t>(from >> 32);
  auto listing = std::make_unique<Listing>();
  listing->rows.resize(most);
  listing->worker = worker;
  listing->workers = workers_;
  listing->asked.body.from = static_cast<std::uint32_t>(from);
  listing->done = std::move(done);
  ask(worker, std::move(listing));
}

void TurnAllocations::find(std::uint64_t id, std::function<void(const turn::AllocationRow*)> done) {
  struct Finding final : Question {
    Asked<turn::Survey> asked;
    turn::AllocationRow row;
    std::function<void(const turn::AllocationRow*)> done;

    bool answered() const override { return asked.done(); }
    engine::Message message() override { return asked.message(turn::MessageKind::survey); }
    std::optional<std::uint16_t> go_on() override {
      done(asked.body.found > 0 ? &row : nullptr);
      return std::nullopt;
    }
  };
  if (id == 0 || turn::worker_of(id) >= workers_) return done(nullptr);
  auto finding = std::make_unique<Finding>();
  finding->asked.body.only = id;
  finding->asked.body.rows = {&finding->row, 1};
  finding->done = std::move(done);
  ask(turn::worker_of(id), std::move(finding));
}

void TurnAllocations::end(std::uint64_t id, std::function<void(bool)> done) {
  struct Ending final : Question {
    Asked<turn::EndOrder> asked;
    std::function<void(bool)> done;

    bool answered() const override { return asked.done(); }
    engine::Message message() override { return asked.message(turn::MessageKind::end_one); }
    std::optional<std::uint16_t> go_on() override {
      done(asked.body.ended);
      return std::nullopt;
    }
  };
  if (turn::worker_of(id) >= workers_) return done(false);
  auto ending = std::make_unique<Ending>();
  ending->asked.body.id = id;
  ending->done = std::move(done);
  ask(turn::worker_of(id), std::move(ending));
}

void TurnAllocations::ask(std::uint16_t worker, std::unique_ptr<Question> question) {
  const engine::Message message = question->message();
  questions_.push_back(std::move(question));
  post_(worker, message);
  poll();
}

void TurnAllocations::poll() {
  if (polling_ || questions_.empty()) return;
  polling_ = true;
  timer_.expires_after(kPollEvery);
  timer_.async_wait([this](boost::system::error_code error) {
    polling_ = false;
    if (error) return;
    look();
    poll();
  });
}

void TurnAllocations::look() {
  for (auto it = questions_.begin(); it != questions_.end();) {
    if (!(*it)->answered()) {
      ++it;
      continue;
    }
    auto question = std::move(*it);
    it = questions_.erase(it);
    if (const auto worker = question->go_on()) ask(*worker, std::move(question));
  }
}

}  // namespace penstock::control::api
