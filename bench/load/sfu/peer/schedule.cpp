#include "bench/load/sfu/peer/schedule.h"

#include <algorithm>

namespace penstock::load::peer {

void Schedule::push(const Entry& entry) {
  entries_.push_back(entry);
  std::push_heap(entries_.begin(), entries_.end());
}

void Schedule::add(Task& task, std::uint64_t due_ns) {
  if (due_ns >= task.due_ns_) return;
  task.due_ns_ = due_ns;
  push({due_ns, &task});
}

void Schedule::remove(Task& task) {
  std::erase_if(entries_, [&](const Entry& entry) { return entry.task == &task; });
  std::make_heap(entries_.begin(), entries_.end());
  std::replace(due_.begin(), due_.end(), &task, static_cast<Task*>(nullptr));
  task.due_ns_ = Task::kNever;
}

void Schedule::run(std::uint64_t now_ns) {
  due_.clear();
  while (!entries_.empty() && entries_.front().due_ns <= now_ns) {
    const Entry first = entries_.front();
    std::pop_heap(entries_.begin(), entries_.end());
    entries_.pop_back();
    if (first.task->due_ns_ != first.due_ns) continue;  // it was asked for earlier meanwhile, and has run
    first.task->due_ns_ = Task::kNever;
    due_.push_back(first.task);
  }
  for (std::size_t i = 0; i < due_.size(); ++i) {
    if (Task* const task = due_[i]) add(*task, task->run(now_ns));
  }
  due_.clear();
}

}  // namespace penstock::load::peer
