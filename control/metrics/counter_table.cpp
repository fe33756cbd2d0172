#include "control/metrics/counter_table.h"

namespace penstock::control {
namespace {

using Port = port::PortCounters;
using Engine = engine::WorkerCounters;
using Turn = turn::Stats;
using Direction = turn::Stats::Direction;
constexpr auto kCounter = MetricKind::counter;
constexpr auto kGauge = MetricKind::gauge;

const Port& part(const WorkerSource& source, const Port*) {
  return *source.port;
}
const Engine& part(const WorkerSource& source, const Engine*) {
  return *source.engine;
}
const Turn& part(const WorkerSource& source, const Turn*) {
  return *source.turn;
}

template <auto Member>
struct Read;
template <class Part, net::Counter Part::* Member>
struct Read<Member> {
  static std::uint64_t one(const WorkerSource& source, std::size_t) {
    return (part(source, static_cast<const Part*>(nullptr)).*Member).get();
  }
};
template <class Part, std::size_t N, std::array<net::Counter, N> Part::* Member>
struct Read<Member> {
  static std::uint64_t element(const WorkerSource& source, std::size_t index) {
    return (part(source, static_cast<const Part*>(nullptr)).*Member)[index].get();
  }
};

template <Direction Turn::* Way, net::Counter Direction::* Member>
std::uint64_t directed(const WorkerSource& source, std::size_t) {
  return (source.turn->*Way.*Member).get();
}

std::uint64_t dropped(const WorkerSource& source, std::size_t reason) {
  return source.port->dropped[reason].get() + source.engine->dropped[reason].get();
}

// What goes from worker to worker, and what waits: in the ports below the services, and in the engine.
template <net::Counter Port::* InPort, net::Counter Engine::* InEngine>
std::uint64_t both(const WorkerSource& source, std::size_t) {
  return (source.port->*InPort).get() + (source.engine->*InEngine).get();
}

class Table {
 public:
  template <auto Member>
  void one(std::string_view name, MetricKind kind, std::string_view help) {
    rows_.push_back({name, help, kind, "", "", &Read<Member>::one, 0});
  }

  void one(std::string_view name, MetricKind kind, std::string_view help,
           std::uint64_t (*read)(const WorkerSource&, std::size_t), std::size_t index = 0) {
    rows_.push_back({name, help, kind, "", "", read, index});
  }

  template <auto Member, class Names>
  void each(std::string_view name, std::string_view label, const Names& names, std::string_view help) {
    each(name, label, names, help, &Read<Member>::element);
  }
  template <class Names>
  void each(std::string_view name, std::string_view label, const Names& names, std::string_view help,
            std::uint64_t (*read)(const WorkerSource&, std::size_t)) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      rows_.push_back({name, help, kCounter, label, std::string(names[i]), read, i});
    }
  }

  template <net::Counter Direction::* Member>
  void both_ways(std::string_view name, std::string_view help) {
    rows_.push_back({name, help, kCounter, "direction", "to_peer", &directed<&Turn::to_peer, Member>, 0});
    rows_.push_back({name, help, kCounter, "direction", "to_client", &directed<&Turn::to_client, Member>, 0});
  }

  std::vector<CounterRow> take() { return std::move(rows_); }

 private:
  std::vector<CounterRow> rows_;
};

// received + taken_over + copied + originated = sent + handed_over + punted + consumed + dropped + held.
void add_packet_equation(Table& t) {
  t.one<&Port::received_packets>("penstock_packets_received_total", kCounter, "Packets received.");
  t.one("penstock_packets_taken_over_total", kCounter, "Packets handed over by other workers.",
        &both<&Port::taken_over, &Engine::taken_over>);
  t.one<&Engine::copied>("penstock_packets_copied_total", kCounter, "Copies made of packets.");
  t.one<&Engine::originated>("penstock_packets_originated_total", kCounter, "Answers and indications made here.");
  t.one<&Port::sent_packets>("penstock_packets_sent_total", kCounter, "Packets sent.");
  t.one("penstock_packets_handed_over_total", kCounter, "Packets handed to other workers.",
        &both<&Port::handed_over, &Engine::handed_over>);
  t.one<&Engine::punted>("penstock_packets_punted_total", kCounter, "Packets given to control or the kernel.");
  t.one<&Engine::consumed>("penstock_packets_consumed_total", kCounter, "Packets read to their end: requests.");
  t.each("penstock_packets_dropped_total", "reason", net::kDropNames, "Packets dropped, by reason.", &dropped);
  t.one("penstock_packets_held", kGauge, "Packets neither sent nor ended yet.", &both<&Port::held, &Engine::held>);
}

// Below the services: which packets a device brought to the worker that owns them, and what became of the others.
void add_steering(Table& t) {
  t.one<&Port::same_worker>("penstock_steering_same_worker_total", kCounter, "Packets that arrived at their owner.");
  t.one<&Port::handed_over>("penstock_steering_handed_over_total", kCounter,
                            "Packets that arrived elsewhere and were handed to their owner by ring.");
  t.one<&Port::taken_over>("penstock_steering_taken_over_total", kCounter, "Packets that came by such a ring.");
  t.one(
      "penstock_steering_handoff_dropped_total", kCounter,
      "Packets whose owner's ring was full; also dropped as handoff_full. Raise dpdk.handoff, or the owner is "
      "overloaded.",
      [](const WorkerSource& source, std::size_t reason) { return source.port->dropped[reason].get(); },
      static_cast<std::size_t>(net::Drop::handoff_full));
  t.one<&Port::held>("penstock_neighbour_held_packets", kGauge, "Packets that wait for their next hop's address.");
}

void add_fragments(Table& t) {
  t.one<&Port::fragments>("penstock_fragments_received_total", kCounter, "IP fragments received.");
  t.one<&Port::fragment_duplicates>("penstock_fragments_duplicate_total", kCounter,
                                    "IP fragments that brought nothing new.");
  t.one<&Port::reassembled>("penstock_datagrams_reassembled_total", kCounter, "Datagrams made whole from fragments.");
  t.one<&Port::in_pieces>("penstock_datagrams_in_pieces", kGauge, "Datagrams whose fragments have not all come.");
}

void add_port(Table& t) {
  t.one<&Port::received_bytes>("penstock_received_bytes_total", kCounter, "UDP payload received.");
  t.one<&Port::sent_bytes>("penstock_sent_bytes_total", kCounter, "UDP payload sent.");
  t.one<&Port::received_trains>("penstock_trains_received_total", kCounter, "Receives of more than one packet (GRO).");
  t.one<&Port::sent_trains>("penstock_trains_sent_total", kCounter, "Sends of more than one packet (GSO).");
  t.one<&Port::receives>("penstock_receive_operations_total", kCounter, "Receives completed.");
  t.one<&Port::sends>("penstock_send_operations_total", kCounter, "Sends submitted.");
  t.one<&Port::kernel_drops>("penstock_kernel_drops_total", kCounter,
                             "Packets the kernel or device dropped before they were received.");
  t.one<&Port::rearmed>("penstock_receives_rearmed_total", kCounter, "Receives that had to be started again.");
  t.one<&Port::train_fallbacks>("penstock_train_fallbacks_total", kCounter,
                                "Trains sent one by one because kernel or device refused them.");
  t.one<&Port::slabs_free>("penstock_slabs_free", kGauge, "Receive buffers not in use.");
  t.one<&Port::slabs_total>("penstock_slabs", kGauge, "Receive buffers.");
  t.one<&Port::locals>("penstock_local_endpoints", kGauge, "Bound endpoints: listening and relayed.");
}

void add_engine(Table& t) {
  t.one<&Engine::passes>("penstock_passes_total", kCounter, "Passes of the worker loop.");
  t.one<&Engine::idle_passes>("penstock_idle_passes_total", kCounter, "Passes that found nothing to do.");
  t.one<&Engine::waits>("penstock_waits_total", kCounter, "Times the worker went to sleep.");
  t.one<&Engine::busy_cycles>("penstock_busy_cycles_total", kCounter, "TSC cycles of passes that had packets.");
  t.one<&Engine::total_cycles>("penstock_awake_cycles_total", kCounter, "TSC cycles of all passes.");
  t.one<&Engine::longest_pass_cycles>("penstock_longest_pass_cycles", kGauge, "TSC cycles of the longest pass so far.");
  t.one<&Engine::recent_longest_pass_cycles>("penstock_recent_longest_pass_cycles", kGauge,
                                             "TSC cycles of the longest pass of the last five to ten seconds.");
  t.each<&Engine::stage_cycles>("penstock_stage_cycles_total", "stage", engine::kStageNames,
                                "TSC cycles of passes that had packets, by stage.");
  t.one<&Engine::messages>("penstock_messages_total", kCounter, "Messages taken from the mailbox.");
  t.one<&Engine::flows>("penstock_flows", kGauge, "Entries of the flow table.");
  t.one<&Engine::flows_capacity>("penstock_flows_capacity", kGauge, "Room of the flow table.");
  t.one<&Engine::packets_in_use>("penstock_pool_packets_in_use", kGauge, "Packets taken from the pools.");
  t.one<&Engine::packets_total>("penstock_pool_packets", kGauge, "Packets the pools hold in all.");
}

void add_turn_requests(Table& t) {
  std::vector<std::string> codes;
  for (const std::uint16_t code : turn::kErrorCodes) codes.push_back(std::to_string(code));
  t.each<&Turn::requests>("penstock_turn_requests_total", "method", turn::kMethodNames, "Requests.");
  t.each<&Turn::successes>("penstock_turn_success_responses_total", "method", turn::kMethodNames, "Granted requests.");
  t.each<&Turn::errors>("penstock_turn_error_responses_total", "code", codes, "Refused requests, by error code.");
  t.one<&Turn::retransmitted_requests>("penstock_turn_retransmitted_requests_total", kCounter,
                                       "Retransmitted requests, answered from memory.");
  t.one<&Turn::authentication_failures>("penstock_turn_authentication_failures_total", kCounter,
                                        "Wrong password or unknown user.");
  t.one<&Turn::nonces_issued>("penstock_turn_nonces_issued_total", kCounter, "Nonces given out.");
  t.one<&Turn::nonces_stale>("penstock_turn_nonces_stale_total", kCounter, "Requests with a stale nonce.");
  t.one<&Turn::answers_rate_limited>("penstock_turn_answers_rate_limited_total", kCounter,
                                     "Answers to strangers withheld by the rate limit.");
  t.one<&Turn::quota_denied>("penstock_turn_quota_denied_total", kCounter, "Allocations refused by a limit.");
  t.one<&Turn::port_in_use_retries>("penstock_turn_port_in_use_retries_total", kCounter,
                                    "Relayed ports that another program had.");
}

void add_turn_allocations(Table& t) {
  t.one<&Turn::allocations>("penstock_turn_allocations", kGauge, "Allocations.");
  t.one<&Turn::allocations_capacity>("penstock_turn_allocations_capacity", kGauge, "Room for allocations.");
  t.one<&Turn::allocations_pending>("penstock_turn_allocations_pending", kGauge,
                                    "Allocations waiting for another worker's word.");
  t.one<&Turn::allocations_draining>("penstock_turn_allocations_draining", kGauge,
                                     "Ended allocations whose record is not yet taken.");
  t.each<&Turn::ended>("penstock_turn_allocations_ended_total", "reason", turn::kEndReasonNames, "Ended allocations.");
  t.one<&Turn::reservations>("penstock_turn_reservations", kGauge, "Reserved ports (EVEN-PORT).");
  t.one<&Turn::permissions>("penstock_turn_permissions", kGauge, "Permissions.");
  t.one<&Turn::permissions_capacity>("penstock_turn_permissions_capacity", kGauge, "Room for permissions.");
  t.one<&Turn::messages_lost>("penstock_turn_messages_lost_total", kCounter,
                              "Messages between workers that found no room; always 0.");
  t.one<&Turn::permissions_revoked>("penstock_turn_permissions_revoked_total", kCounter,
                                    "Permissions ended by a new peer policy.");
  t.one<&Turn::channels>("penstock_turn_channels", kGauge, "Channels.");
  t.one<&Turn::channels_capacity>("penstock_turn_channels_capacity", kGauge, "Room for channels.");
  t.one<&Turn::users>("penstock_turn_users", kGauge, "Users with an allocation.");
}

void add_turn_traffic(Table& t) {
  t.both_ways<&Direction::packets>("penstock_turn_relayed_packets_total", "Packets relayed.");
  t.both_ways<&Direction::bytes>("penstock_turn_relayed_bytes_total", "UDP payload relayed, without TURN framing.");
  t.one<&Turn::hairpin_packets>("penstock_turn_hairpin_packets_total", kCounter,
                                "Packets between two allocations of this server.");
  t.one<&Turn::icmp_indications>("penstock_turn_icmp_indications_total", kCounter, "ICMP errors told to clients.");
}

}  // namespace

std::span<const CounterRow> counter_rows() {
  static const std::vector<CounterRow> kRows = [] {
    Table table;
    add_packet_equation(table);
    add_port(table);
    add_steering(table);
    add_fragments(table);
    add_engine(table);
    add_turn_requests(table);
    add_turn_allocations(table);
    add_turn_traffic(table);
    return table.take();
  }();
  return kRows;
}

}  // namespace penstock::control
