// Any text as an SDP description, an offer of either role, and a fragment of a PATCH. What is accepted is answered, and
// the answer must be an SDP description that keeps to the offer.

#include <cstdint>
#include <string>
#include <string_view>

#include "control/sdp/answer.h"
#include "control/sdp/ice_fragment.h"
#include "control/sdp/negotiate.h"
#include "control/sdp/offer.h"
#include "control/sdp/parse.h"
#include "control/sdp/write.h"
#include "tests/fuzz/require.h"

namespace penstock::control::sdp {
namespace {

const LocalTransport kTransport{"ufragufr",
                                "passwordpasswordpassword",
                                {{"sha-256", "AB:CD"}},
                                {{net::Address::v4(0xc0000201), 40000}, {net::Address{}, 40000}}};

bool is_printable_line(std::string_view text) {
  return text.size() < 400 && text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

/// Written again it is the same text, however it was spelled first.
void round_trip(std::string_view text) {
  const auto description = parse(text);
  if (!description) {
    REQUIRE(!description.error().reason.empty() && is_printable_line(to_string(description.error())));
    return;
  }
  const std::string written = write(*description);
  if (written.size() > kMostBytes) return;  // CRLF for LF, spaces kept in values
  const auto again = parse(written);
  REQUIRE(again);
  REQUIRE(write(*again) == written);
}

void check_section(const Section& offered, const std::optional<AcceptedSection>& accepted,
                   const MediaDescription& answered, Role role) {
  REQUIRE(answered.kind == offered.kind && answered.protocol == offered.protocol);
  REQUIRE((answered.port == 0) == !accepted.has_value());
  const Attribute* mid = find(answered.attributes, "mid");
  REQUIRE((mid == nullptr ? "" : mid->value) == offered.mid);
  if (!accepted) return;
  REQUIRE(offered.codec(accepted->payload_type) != nullptr);
  REQUIRE(accepted->rtx_payload_type == sfu::kNoPayloadType || offered.codec(accepted->rtx_payload_type) != nullptr);
  REQUIRE(find(answered.attributes, role == Role::publisher ? "recvonly" : "sendonly") != nullptr);
  REQUIRE(role == Role::player ? accepted->encodings.empty()
                               : !accepted->encodings.empty() && accepted->encodings.size() <= sfu::kMostEncodings);
}

void answer(const Offer& offer, Role role) {
  const auto negotiated = negotiate(offer, role);
  if (!negotiated) {
    REQUIRE(is_printable_line(to_string(negotiated.error())));
    return;
  }
  REQUIRE(negotiated->sections.size() == offer.sections.size() && negotiated->sections[negotiated->tagged]);
  REQUIRE(!negotiated->transport.ice_ufrag.empty() && !negotiated->transport.fingerprints.empty());
  AnswerInput input{1, kTransport, "cname", {}};
  if (role == Role::player) input.sending.assign(offer.sections.size(), Sending{1, 2, {"stream", "track"}});
  const std::string text = write(make_answer(offer, *negotiated, input));
  const auto description = parse(text);
  REQUIRE(description && description->media.size() == offer.sections.size());
  for (std::size_t i = 0; i < offer.sections.size(); ++i) {
    check_section(offer.sections[i], negotiated->sections[i], description->media[i], role);
  }
  const auto fragment = read_ice_fragment(write_ice_fragment(tagged_line(offer, *negotiated), kTransport));
  REQUIRE(fragment && fragment->ice_ufrag == kTransport.ice_ufrag);
}

void walk(std::string_view text) {
  round_trip(text);
  if (const auto fragment = read_ice_fragment(text)) REQUIRE(fragment->ice_ufrag.empty() == fragment->ice_pwd.empty());
  const auto offer = read_offer(text);
  if (!offer) {
    REQUIRE(is_printable_line(to_string(offer.error())));
    return;
  }
  answer(*offer, Role::publisher);
  answer(*offer, Role::player);
}

}  // namespace
}  // namespace penstock::control::sdp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  penstock::control::sdp::walk({reinterpret_cast<const char*>(data), size});
  return 0;
}
