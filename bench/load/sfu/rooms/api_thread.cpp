#include "bench/load/sfu/rooms/api_thread.h"

#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {

ApiThread::ApiThread(ApiClient api) : api_(std::move(api)), thread_([this] { work(); }) {}

ApiThread::~ApiThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ApiThread::submit(std::string method, std::string path, nlohmann::json body, Done done) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({std::move(method), std::move(path), std::move(body), std::move(done)});
  }
  wake_.notify_one();
}

void ApiThread::deliver() {
  std::vector<Result> results;
  {
    const std::lock_guard lock(mutex_);
    results.swap(results_);
  }
  for (const Result& result : results) result.done(result.answer, result.took_ns);
}

std::size_t ApiThread::waiting() {
  const std::lock_guard lock(mutex_);
  return jobs_.size();
}

void ApiThread::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
    if (ending_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    const std::uint64_t begin = now_ns();
    Answer answer = api_.call(job.method, job.path, job.body.is_null() ? nullptr : &job.body);
    const std::uint64_t took_ns = now_ns() - begin;
    lock.lock();
    results_.push_back({std::move(job.done), std::move(answer), took_ns});
  }
}

}  // namespace penstock::load::sfu
