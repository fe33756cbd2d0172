// Endpoints come and go.

#include <bit>

#include "dataplane/sfu/connectivity.h"
#include "dataplane/sfu/handshakes.h"
#include "dataplane/sfu/identify.h"
#include "dataplane/sfu/tables.h"
#include "dataplane/sfu/turns.h"

namespace penstock::sfu {
namespace {

// Units of Work.
constexpr int kSubscriptionUnits = 8;
constexpr int kEndpointUnits = 16;

std::uint64_t fragment_key(const std::array<char, IceCredentials::kFragmentSize>& fragment) {
  return std::bit_cast<std::uint64_t>(fragment);
}

void use_credentials(Core& core, EndpointSlot slot, const IceCredentials& ice) {
  Endpoint& endpoint = core.endpoints[slot];
  endpoint.fragment = ice.fragment;
  const auto* password = reinterpret_cast<const std::uint8_t*>(ice.password.data());
  endpoint.password = stun::HmacSha1({password, ice.password.size()});
  core.fragments.set(fragment_key(ice.fragment), slot);
}

// Any value but 0 does, as long as nobody else in the session has it: streams that we send get random ones, too.
std::uint32_t feedback_ssrc(std::uint32_t generation, EndpointSlot slot) {
  return static_cast<std::uint32_t>(net::hash({}, std::uint64_t{generation} << 32 | slot)) | 1;
}

// Under new keys every roll-over counter begins at 0, on both sides (RFC 3711 section 3.3.1): received streams are
// learned anew, and what we send goes on from the low 16 bits of its numbers.
void begin_roll_over_anew(Core& core, Endpoint& endpoint, EndpointSlot slot, Work& work) {
  for (TrackSlot next = endpoint.first_track; next != 0; next = core.tracks[next - 1].next) {
    for (std::uint32_t i = 0; i < kMostEncodings; ++i) {
      for (const bool retransmission : {false, true}) forget_stream(core, slot, stream_id(next - 1, i, retransmission));
    }
  }
  core.past_streams[slot] = {};
  for (TrackSlot next = endpoint.first_track; next != 0; next = core.tracks[next - 1].next) {
    announce_streams(core, next - 1);
  }
  for (auto next = endpoint.first_subscription; next != 0;) {
    Subscription& subscription = core.subscriptions[next - 1];
    SubscriptionParameters parameters = subscription.parameters;
    parameters.first_sequence = static_cast<std::uint16_t>(subscription.forwarder.newest_sent() + 1);
    parameters.first_timestamp = subscription.forwarder.timestamps().newest_sent() + 1;
    subscription.forwarder.start(parameters);
    // The forwarder counts from zero, and the worker's totals grow by what these shown counts lag behind it.
    core.board.subscriptions[next - 1].key_frame_waits.set(0);
    core.board.subscriptions[next - 1].layer_switches.set(0);
    subscription.rtx_sequence &= 0xffff;
    work.spend(kSubscriptionUnits);
    next = subscription.next_of_endpoint;
  }
  endpoint.rtcp_sources = {};
}

// One could be lost.
constexpr std::uint8_t kLiftingReports = 3;

}  // namespace

void add_endpoint(Core& core, const AddEndpoint& add) {
  Endpoint& endpoint = core.endpoints[add.slot];
  endpoint = Endpoint{};
  endpoint.generation = add.generation;
  endpoint.local = net::kNoLocal;
  endpoint.path = net::kNoPath;
  endpoint.cname = add.parameters.cname;
  endpoint.max_publish_bit_rate = add.parameters.max_publish_bit_rate;
  endpoint.last_heard_ns = core.now_ns();
  endpoint.rtcp_ssrc = feedback_ssrc(add.generation, add.slot);
  // Of what its last user never needed, no memory is touched.
  if (core.arrivals[add.slot].started()) core.arrivals[add.slot] = rtp::TransportFeedbackRecorder{};
  core.clocks[add.slot] = PublisherClock{};
  if (core.histories[add.slot].sent() > 0) core.histories[add.slot] = rtp::SendHistory{};
  use_credentials(core, add.slot, add.parameters.ice);
  reset(core.board.endpoints[add.slot]);
  core.board.endpoints[add.slot].generation.set(add.generation);
  core.stats.endpoints.add();
  begin_turns(core, add.slot);
}

void enter_fragment(Core& core, EndpointSlot slot) {
  core.fragments.set(fragment_key(core.endpoints[slot].fragment), slot);
}

bool remove_endpoint(Core& core, EndpointSlot slot, Work& work) {
  Endpoint& endpoint = core.endpoints[slot];
  for (; endpoint.first_subscription != 0; work.spend(kSubscriptionUnits)) {
    if (work.spent()) return false;
    remove_subscription(core, endpoint.first_subscription - 1);
  }
  while (endpoint.first_track != 0) {
    if (!remove_track(core, endpoint.first_track - 1, work)) return false;
  }
  forget_pairs(core, endpoint);
  core.fragments.erase(fragment_key(endpoint.fragment));
  core.cipher->remove(receive_context(slot));
  core.cipher->remove(send_context(slot));
  srtp::wipe(core.keys[slot].client);
  srtp::wipe(core.keys[slot].server);
  (endpoint.departed_to != 0 ? core.stats.forwarding_addresses : core.stats.endpoints).sub();
  core.board.endpoints[slot].generation.set(0);
  core.past_streams[slot] = {};
  endpoint = Endpoint{};
  work.spend(kEndpointUnits);
  return true;
}

void restart_ice(Core& core, const RestartIce& restart) {
  core.fragments.erase(fragment_key(core.endpoints[restart.slot].fragment));
  use_credentials(core, restart.slot, restart.ice);
}

void install_keys(Core& core, const InstallKeys& keys, Work& work) {
  Endpoint& endpoint = core.endpoints[keys.slot];
  if (endpoint.secured) begin_roll_over_anew(core, endpoint, keys.slot, work);
  core.cipher->install(receive_context(keys.slot), keys.receive);
  core.cipher->install(send_context(keys.slot), keys.send);
  if (core.views) core.keys[keys.slot] = {keys.receive, keys.send};  // there is somewhere to move to
  endpoint.secured = true;
  endpoint.announce_pair = false;
  core.board.endpoints[keys.slot].secured.set(1);
  core.board.dirty_endpoints.mark(keys.slot);
}

void limit_publisher(Core& core, const LimitPublisher& limit) {
  Endpoint& endpoint = core.endpoints[limit.slot];
  const bool lifted =
      limit.max_publish_bit_rate == 0 && (endpoint.max_publish_bit_rate != 0 || endpoint.limits_to_lift);
  endpoint.limits_to_lift = lifted ? kLiftingReports : 0;
  endpoint.max_publish_bit_rate = limit.max_publish_bit_rate;
  endpoint.next_limit_ns = 0;
  core.board.endpoints[limit.slot].available_bit_rate.set(limit.max_publish_bit_rate);
}

}  // namespace penstock::sfu
