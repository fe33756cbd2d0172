#pragma once
// What is due when, for one thread: thousands of endpoints and sources, each with one next deadline.

#include <cstdint>
#include <queue>
#include <vector>

namespace penstock::load::peer {

/// Something that happens again and again. It outlives the Schedule it was added to, or is removed before.
class Task {
 public:
  virtual ~Task() = default;
  /// Called once due. When to call again (CLOCK_MONOTONIC), at the earliest right after this call; kNever: not before
  /// the next Schedule::add.
  virtual std::uint64_t run(std::uint64_t now_ns) = 0;

  static constexpr std::uint64_t kNever = UINT64_MAX;

 private:
  friend class Schedule;
  std::uint64_t due_ns_ = kNever;
};

/// One thread.
class Schedule {
 public:
  /// Calls `task` at `due_ns`, or earlier if it was due before that anyway.
  void add(Task& task, std::uint64_t due_ns);
  /// Forgets it. Takes time in proportion to all tasks.
  void remove(Task& task);
  /// Calls what is due, each task once.
  void run(std::uint64_t now_ns);
  /// Of the earliest; Task::kNever if there is none.
  std::uint64_t next_ns() const { return entries_.empty() ? Task::kNever : entries_.front().due_ns; }

 private:
  struct Entry {
    std::uint64_t due_ns;
    Task* task;
    bool operator<(const Entry& other) const { return due_ns > other.due_ns; }  // a heap has its largest in front
  };
  void push(const Entry& entry);

  std::vector<Entry> entries_;  ///< a heap; entries that are not their task's deadline any more are passed over
  std::vector<Task*> due_;
};

}  // namespace penstock::load::peer
