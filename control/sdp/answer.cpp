#include "control/sdp/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/sdp/candidate.h"

namespace penstock::control::sdp {
namespace {

/// The attributes of one m-section, as they are added.
class Attributes {
 public:
  explicit Attributes(std::vector<Attribute>& list) : list_(list) {}

  void add(std::string_view name, std::string value = {}) { list_.push_back({std::string(name), std::move(value)}); }
  template <class... Arguments>
  void add(std::string_view name, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    add(name, fmt::format(format, std::forward<Arguments>(arguments)...));
  }

 private:
  std::vector<Attribute>& list_;
};

/// RFC 8839 section 4.1.2: the default candidate is in m= and c=, an IPv4 one if there is one.
const net::Endpoint* default_candidate(const std::vector<net::Endpoint>& candidates) {
  const auto v4 = std::ranges::find_if(candidates, [](const net::Endpoint& e) { return e.address.is_v4(); });
  if (v4 != candidates.end()) return &*v4;
  return candidates.empty() ? nullptr : &candidates.front();
}

void place(MediaDescription& media, const net::Endpoint* candidate) {
  // RFC 8840 section 4.1.1: port 9 and 0.0.0.0 stand for "not known yet".
  media.port = candidate == nullptr ? std::uint16_t{9} : candidate->port;
  const bool v6 = candidate != nullptr && !candidate->address.is_v4();
  media.connection = fmt::format("IN {} {}", v6 ? "IP6" : "IP4",
                                 candidate == nullptr ? "0.0.0.0" : net::to_string(candidate->address));
}

/// In every section: bundled ones could leave it out, but not every client looks at the first one for it.
void add_transport(Attributes& out, const LocalTransport& transport, Setup setup) {
  out.add("ice-ufrag", transport.ice_ufrag);
  out.add("ice-pwd", transport.ice_pwd);
  for (const Fingerprint& f : transport.fingerprints) out.add("fingerprint", "{} {}", f.algorithm, f.digest);
  out.add("setup", std::string(to_string(setup)));
}

void add_candidates(Attributes& out, const std::vector<net::Endpoint>& candidates) {
  for (std::size_t i = 0; i < candidates.size(); ++i) out.add("candidate", host_candidate(candidates[i], i));
  out.add("end-of-candidates");
}

void add_extensions(Attributes& out, const Section& offered, const AcceptedSection& accepted) {
  for (const HeaderExtension& extension : offered.extensions) {
    const auto known = rtp::extension_of(extension.uri);
    if (!known || accepted.extensions[*known] != extension.id) continue;
    if (extension.direction == Direction::sendrecv) {
      out.add("extmap", "{} {}", extension.id, extension.uri);
    } else {
      out.add("extmap", "{}/{} {}", extension.id, to_string(reversed(extension.direction)), extension.uri);
    }
  }
}

void add_feedback(Attributes& out, const AcceptedSection& accepted) {
  const sfu::Feedback& f = accepted.feedback;
  const std::array<std::pair<bool, std::string_view>, 5> kinds{{{f.remb, "goog-remb"},
                                                                {f.transport, "transport-cc"},
                                                                {f.fir, "ccm fir"},
                                                                {f.nack, "nack"},
                                                                {f.pli, "nack pli"}}};
  for (const auto& [negotiated, name] : kinds) {
    if (negotiated) out.add("rtcp-fb", "{} {}", accepted.payload_type, name);
  }
}

void add_codecs(Attributes& out, const Section& offered, const AcceptedSection& accepted) {
  const Codec* codec = offered.codec(accepted.payload_type);
  // RFC 8866 section 6.6: channels are named where there are several.
  const std::string channels = accepted.channels > 1 ? fmt::format("/{}", accepted.channels) : "";
  out.add("rtpmap", "{} {}/{}{}", accepted.payload_type, codec == nullptr ? "" : codec->name, accepted.clock_rate,
          channels);
  add_feedback(out, accepted);
  std::string parameters;
  for (const Parameter& p : accepted.parameters) {
    parameters += fmt::format("{}{}={}", parameters.empty() ? "" : ";", p.name, p.value);
  }
  if (!parameters.empty()) out.add("fmtp", "{} {}", accepted.payload_type, parameters);
  if (accepted.rtx_payload_type == sfu::kNoPayloadType) return;
  out.add("rtpmap", "{} rtx/{}", accepted.rtx_payload_type, accepted.clock_rate);
  out.add("fmtp", "{} apt={}", accepted.rtx_payload_type, accepted.payload_type);
}

bool is_accepted(const std::string& rid, const AcceptedSection& accepted) {
  return std::ranges::find(accepted.encodings, rid, &Encoding::rid) != accepted.encodings.end();
}

/// The same restrictions as offered, and the one payload type (RFC 8851 section 6.3); never '~': nothing starts paused.
void add_simulcast(Attributes& out, const Section& offered, const AcceptedSection& accepted) {
  for (const RidLine& rid : offered.rids) {
    if (!is_accepted(rid.id, accepted)) continue;
    std::string restrictions = rid.payload_types.empty() ? "" : fmt::format("pt={}", accepted.payload_type);
    for (const Parameter& p : rid.restrictions) {
      restrictions += fmt::format("{}{}={}", restrictions.empty() ? "" : ";", p.name, p.value);
    }
    out.add("rid", "{} recv{}{}", rid.id, restrictions.empty() ? "" : " ", restrictions);
  }
  std::string streams;
  for (const SimulcastStream& stream : offered.simulcast.send) {
    for (const SimulcastId& id : stream) {
      if (is_accepted(id.rid, accepted)) streams += (streams.empty() ? "" : ";") + id.rid;
    }
  }
  if (!streams.empty()) out.add("simulcast", "recv " + streams);
}

void add_sources(Attributes& out, const Sending& sending, const std::string& cname) {
  const std::string msid = sending.msid.stream + (sending.msid.track.empty() ? "" : ' ' + sending.msid.track);
  out.add("msid", msid);
  if (sending.rtx_ssrc != 0) out.add("ssrc-group", "FID {} {}", sending.ssrc, sending.rtx_ssrc);
  for (const std::uint32_t ssrc : {sending.ssrc, sending.rtx_ssrc}) {
    if (ssrc == 0) continue;
    out.add("ssrc", "{} cname:{}", ssrc, cname);
    out.add("ssrc", "{} msid:{}", ssrc, msid);
  }
}

MediaDescription same_line(const Section& offered) {
  MediaDescription media;
  media.kind = offered.kind;
  media.protocol = offered.protocol;
  return media;
}

/// RFC 9429 section 5.3.1: port 0, at least one format, and the MID.
MediaDescription rejected(const Section& offered) {
  MediaDescription media = same_line(offered);
  media.port = 0;
  media.formats = {offered.formats.front()};
  media.connection = "IN IP4 0.0.0.0";
  Attributes out(media.attributes);
  if (!offered.mid.empty()) out.add("mid", offered.mid);
  out.add("inactive");
  return media;
}

struct Place {
  bool tagged = false;  ///< carries the candidates
  const Sending* sending = nullptr;
};

MediaDescription answered(const Section& offered, const AcceptedSection& accepted, const Negotiated& negotiated,
                          const AnswerInput& input, Place where) {
  MediaDescription media = same_line(offered);
  media.formats = {std::to_string(accepted.payload_type)};
  if (accepted.rtx_payload_type != sfu::kNoPayloadType)
    media.formats.push_back(std::to_string(accepted.rtx_payload_type));
  place(media, default_candidate(input.transport.candidates));
  Attributes out(media.attributes);
  add_transport(out, input.transport, negotiated.setup);
  if (where.tagged) add_candidates(out, input.transport.candidates);
  if (!offered.mid.empty()) out.add("mid", offered.mid);
  add_extensions(out, offered, accepted);
  out.add(negotiated.role == Role::publisher ? "recvonly" : "sendonly");
  out.add("rtcp-mux");
  if (offered.rtcp_rsize) out.add("rtcp-rsize");
  add_codecs(out, offered, accepted);
  add_simulcast(out, offered, accepted);
  if (where.sending != nullptr) add_sources(out, *where.sending, input.cname);
  return media;
}

}  // namespace

std::string bundle_group(const Offer& offer, const Negotiated& negotiated) {
  if (offer.bundle.empty()) return {};
  std::string group = "BUNDLE";
  for (const std::size_t index : offer.bundle) {
    if (negotiated.sections[index]) group += ' ' + offer.sections[index].mid;
  }
  return group;
}

Description make_answer(const Offer& offer, const Negotiated& negotiated, const AnswerInput& input) {
  Description answer;
  answer.origin = fmt::format("- {} 1 IN IP4 127.0.0.1", input.session_id);
  Attributes session(answer.attributes);
  if (!offer.bundle.empty()) session.add("group", bundle_group(offer, negotiated));
  session.add("ice-lite");
  session.add("ice-options", "trickle ice2");
  for (std::size_t i = 0; i < offer.sections.size(); ++i) {
    const auto& accepted = negotiated.sections[i];
    if (!accepted) {
      answer.media.push_back(rejected(offer.sections[i]));
      continue;
    }
    const bool sends_here = i < input.sending.size() && input.sending[i].has_value();
    const Place where{i == negotiated.tagged, sends_here ? &*input.sending[i] : nullptr};
    answer.media.push_back(answered(offer.sections[i], *accepted, negotiated, input, where));
  }
  return answer;
}

}  // namespace penstock::control::sdp
