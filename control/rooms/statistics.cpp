#include "control/rooms/statistics.h"

namespace penstock::control::rooms {

Totals& Totals::operator+=(const Totals& other) {
  const auto add = [&](const auto& fields) {
    for (const auto field : fields) this->*field += other.*field;
  };
  add(kTotalsOf<Endpoint>);
  add(kTotalsOf<Track>);
  add(kTotalsOf<Subscription>);
  return *this;
}

Population& Population::operator+=(const Population& other) {
  rooms += other.rooms;
  endpoints += other.endpoints;
  tracks += other.tracks;
  subscriptions += other.subscriptions;
  mirrors += other.mirrors;
  for (std::size_t i = 0; i < endpoints_by_ice.size(); ++i) endpoints_by_ice[i] += other.endpoints_by_ice[i];
  for (std::size_t i = 0; i < endpoints_by_dtls.size(); ++i) endpoints_by_dtls[i] += other.endpoints_by_dtls[i];
  return *this;
}

Population Statistics::population() const {
  Population sum;
  for (const WorkerStatistics& worker : workers) sum += worker.population;
  return sum;
}

Totals Statistics::totals() const {
  Totals sum;
  for (const WorkerStatistics& worker : workers) sum += worker.totals;
  return sum;
}

}  // namespace penstock::control::rooms
