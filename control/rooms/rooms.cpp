#include "control/rooms/rooms.h"

#include <fmt/format.h>

#include "control/rooms/changes.h"
#include "control/rooms/digest.h"
#include "control/rooms/lease.h"
#include "control/rooms/model.h"
#include "control/rooms/move.h"
#include "control/rooms/random.h"
#include "control/rooms/watch.h"

namespace penstock::control::rooms {
namespace {

constexpr std::uint64_t kSamplePeriod_ns = 1'000'000'000;
// About two milliseconds.
constexpr std::size_t kPlacesPerTick = 8'192;

std::string reason_of(const dtls::Report& report) {
  std::string reason(dtls::kResultNames[static_cast<std::size_t>(report.result)]);
  for (char& c : reason) {
    if (c == '_') c = ' ';
  }
  return report.detail.empty() ? reason : reason + ": " + report.detail;
}

void install_keys(Batch& batch, Endpoint& endpoint, const dtls::Report& report) {
  batch.operation(endpoint.worker, sfu::InstallKeys{endpoint.place.slot, report.receive, report.send});
  set_dtls(batch, endpoint, DtlsState::secured);
  endpoint.profile = report.send.profile;
  // The first keys: whatever is authentic is so under them.
  endpoint.unsettled =
      Endpoint::Unsettled{.update = batch.state().worker_of(endpoint).posted + 1,
                          .received_packets = endpoint.keyed ? std::nullopt : std::optional<std::uint64_t>(0)};
  endpoint.keyed = true;
  endpoint.ids.forget_retired();
  endpoint.failure.clear();
  if (endpoint.ice == IceViewState::connected) set_deadline(batch, endpoint, 0);
  Event event = event_of(EventType::endpoint_dtls, endpoint);
  event.state = kDtlsStateNames[static_cast<std::size_t>(DtlsState::secured)];
  batch.event(std::move(event));
}

}  // namespace

Rooms::Model::Model(Options given, UpdateSink& to_workers, Handshaker& to_handshakes)
    : sink(to_workers),
      handshaker(to_handshakes),
      state{.options = std::move(given), .epoch = fmt::format("{:016x}", random_number())},
      history(state.epoch, state.options.event_history) {
  if (state.options.speakers != nullptr) state.seated_rooms = SeatedRooms(state.options.speakers->rooms());
  for (const WorkerMedia& media : state.options.workers) {
    state.workers.push_back(std::make_unique<Worker>(media));
    state.workers.back()->candidates = candidates_of(media.addresses);
  }
}

Rooms::Rooms(Options options, UpdateSink& sink, Handshaker& handshaker)
    : model_(std::make_unique<Model>(std::move(options), sink, handshaker)) {}
Rooms::~Rooms() = default;

tl::expected<std::vector<Outcome>, Refusal> Rooms::apply(std::span<const Step> steps) {
  const std::uint32_t most = model_->state.options.limits.steps_per_batch;
  if (steps.size() > most) {
    return tl::make_unexpected(
        Refusal{most, {ErrorKind::limit, "", fmt::format("a batch has at most {} steps; send several", most)}});
  }
  reclaim(model_->state, model_->sink);  // places that are back by now
  std::vector<Outcome> outcomes(steps.size());
  {
    Batch batch(model_->state, model_->now());
    for (std::size_t i = 0; i < steps.size(); ++i) {
      auto verdict = std::visit([&](const auto& change) { return rooms::apply(batch, change, steps[i].precondition); },
                                steps[i].change);
      if (!verdict) return tl::make_unexpected(Refusal{i, std::move(verdict.error())});
      outcomes[i].created = verdict->created;
      outcomes[i].changed = verdict->changed;
    }
    model_->commit(batch);
  }
  for (std::size_t i = 0; i < steps.size(); ++i) show(outcomes[i], steps[i].change);
  return outcomes;
}

tl::expected<Outcome, Error> Rooms::apply(const Step& step) {
  auto outcomes = apply(std::span(&step, 1));
  if (!outcomes) return tl::make_unexpected(std::move(outcomes.error().error));
  return std::move(outcomes->front());
}

std::size_t Rooms::renew_leases(std::string_view owner) {
  Batch batch(model_->state, model_->now());
  auto& owned = model_->state.rooms_by_owner;
  std::vector<Room*> rooms;
  for (auto it = owned.lower_bound({std::string(owner), nullptr}); it != owned.end() && it->first == owner; ++it) {
    rooms.push_back(it->second);
  }
  for (Room* room : rooms) take_lease(batch, *room);
  model_->commit(batch);
  return rooms.size();
}

EventHistory& Rooms::events() {
  return model_->history;
}
const EventHistory& Rooms::events() const {
  return model_->history;
}

void Rooms::on_report(dtls::Report& report) {
  const dtls::EndpointRef& ref = report.endpoint;
  State& state = model_->state;
  Endpoint* endpoint = nullptr;
  if (ref.worker < state.workers.size()) {
    endpoint = state.workers[ref.worker]->endpoints.find({ref.slot, ref.generation});
  }
  if (endpoint != nullptr && endpoint->move != nullptr) {
    endpoint->move->reports.push_back(report);  // its turn comes when the endpoint has arrived
    endpoint = nullptr;
  }
  // A report of an association that signaling has replaced vouches for nothing, and ends nothing.
  if (endpoint != nullptr && endpoint->association == report.association) {
    Batch batch(state, model_->now());
    if (report.result == dtls::Result::secured) {
      install_keys(batch, *endpoint, report);
    } else {
      const bool closed = report.result == dtls::Result::closed;
      end_association(batch, *endpoint, closed ? DtlsState::closed : DtlsState::failed, reason_of(report));
    }
    model_->commit(batch);
  }
  srtp::wipe(report.receive);
  srtp::wipe(report.send);
}

void Rooms::tick() {
  State& state = model_->state;
  reclaim(state, model_->sink);
  const Now now = model_->now();
  std::vector<dtls::Report> reports;
  {
    Batch batch(state, now);
    scan(batch);
    expire(batch);
    reports = advance_moves(batch, model_->sink);
    // The rates are ready before anybody hears of anything.
    Sweep& sweep = state.sweep;
    if (sweep.began_ns == 0) sweep.began_ns = now.monotonic_ns;
    if (const std::uint64_t elapsed_ns = now.monotonic_ns - sweep.began_ns;
        sweep.elapsed_ns == 0 && elapsed_ns >= kSamplePeriod_ns) {
      sweep = {.began_ns = now.monotonic_ns, .elapsed_ns = elapsed_ns};
    }
    if (sweep.elapsed_ns != 0 && sample(state, kPlacesPerTick)) settle(state, model_->sink, model_->handshaker);
    model_->commit(batch);
  }
  for (dtls::Report& report : reports) on_report(report);
}

std::string Rooms::digest() const {
  return digest_of(model_->state);
}

}  // namespace penstock::control::rooms
