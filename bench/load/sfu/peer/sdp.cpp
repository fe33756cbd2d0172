#include "bench/load/sfu/peer/sdp.h"

#include <fmt/format.h>

#include "control/sdp/candidate.h"
#include "control/sdp/description.h"
#include "control/sdp/parse.h"
#include "control/sdp/write.h"

namespace penstock::load::peer {
namespace {

namespace sdp = control::sdp;

constexpr std::string_view kProtocol = "UDP/TLS/RTP/SAVPF";
constexpr std::string_view kCname = "penstock-load";

void add(sdp::MediaDescription& media, std::string name, std::string value = {}) {
  media.attributes.push_back({std::move(name), std::move(value)});
}

void add_transport(sdp::MediaDescription& media, const TransportParameters& local) {
  add(media, "ice-ufrag", local.ice_ufrag);
  add(media, "ice-pwd", local.ice_pwd);
  for (const auto& fingerprint : local.fingerprints) {
    add(media, "fingerprint", fmt::format("{} {}", fingerprint.hash_name(), fingerprint.hex()));
  }
  add(media, "setup",
      local.setup == DtlsSetup::active    ? "active"
      : local.setup == DtlsSetup::passive ? "passive"
                                          : "actpass");
  for (std::size_t i = 0; i < local.candidates.size(); ++i) {
    add(media, "candidate", sdp::host_candidate(local.candidates[i], i));
  }
  add(media, "end-of-candidates");
  add(media, "rtcp-mux");
  add(media, "rtcp-rsize");
}

void add_codecs(sdp::MediaDescription& media, const MediaLine& line) {
  media.formats.push_back(std::to_string(line.payload_type));
  add(media, "rtpmap", fmt::format("{} {}", line.payload_type, line.video ? "VP8/90000" : "opus/48000/2"));
  if (!line.video) {
    add(media, "fmtp", fmt::format("{} minptime=10;useinbandfec=1", line.payload_type));
  } else {
    for (const char* feedback : {"nack", "nack pli", "ccm fir"}) {
      add(media, "rtcp-fb", fmt::format("{} {}", line.payload_type, feedback));
    }
  }
  add(media, "rtcp-fb", fmt::format("{} transport-cc", line.payload_type));
  if (line.rtx_payload_type == 0) return;
  media.formats.push_back(std::to_string(line.rtx_payload_type));
  add(media, "rtpmap", fmt::format("{} rtx/90000", line.rtx_payload_type));
  add(media, "fmtp", fmt::format("{} apt={}", line.rtx_payload_type, line.payload_type));
}

void add_sources(sdp::MediaDescription& media, const MediaLine& line) {
  if (!line.sends) return;
  add(media, "msid", fmt::format("{} {}", kCname, line.mid));
  if (line.rids.size() > 1) {
    std::string list;
    for (const auto& rid : line.rids) {
      add(media, "rid", rid + " send");
      list += (list.empty() ? "" : ";") + rid;
    }
    add(media, "simulcast", "send " + list);
    return;
  }
  if (line.ssrc == 0) return;
  if (line.rtx_ssrc != 0) add(media, "ssrc-group", fmt::format("FID {} {}", line.ssrc, line.rtx_ssrc));
  add(media, "ssrc", fmt::format("{} cname:{}", line.ssrc, kCname));
  if (line.rtx_ssrc != 0) add(media, "ssrc", fmt::format("{} cname:{}", line.rtx_ssrc, kCname));
}

sdp::MediaDescription media_of(const TransportParameters& local, const MediaLine& line) {
  sdp::MediaDescription media;
  media.kind = line.video ? "video" : "audio";
  media.port = 9;
  media.protocol = kProtocol;
  media.connection = "IN IP4 0.0.0.0";
  add(media, "mid", line.mid);
  add(media, line.sends ? "sendonly" : "recvonly");
  add_transport(media, local);
  for (const auto& extension : line.extensions) add(media, "extmap", fmt::format("{} {}", extension.id, extension.uri));
  add_codecs(media, line);
  add_sources(media, line);
  return media;
}

DtlsSetup setup_of(const sdp::Transport& transport) {
  if (transport.setup == sdp::Setup::active) return DtlsSetup::active;
  return transport.setup == sdp::Setup::passive ? DtlsSetup::passive : DtlsSetup::actpass;
}

void add_candidates(TransportParameters& remote, const sdp::Section& section) {
  for (const sdp::Candidate& candidate : section.candidates) {
    if (candidate.component != 1 || candidate.transport != "udp") continue;
    if (const auto address = net::parse_address(candidate.host))
      remote.candidates.push_back({*address, candidate.port});
  }
}

}  // namespace

std::string write_sdp(const TransportParameters& local, const std::vector<MediaLine>& lines) {
  sdp::Description description;
  description.origin = "- 1 1 IN IP4 127.0.0.1";
  std::string group = "BUNDLE";
  for (const MediaLine& line : lines) {
    description.media.push_back(media_of(local, line));
    group += " " + line.mid;
  }
  description.attributes = {{"group", group}, {"extmap-allow-mixed"}, {"msid-semantic", " WMS *"}};
  return sdp::write(description);
}

tl::expected<RemoteDescription, std::string> read_sdp(std::string_view text) {
  auto offer = sdp::read_offer(text);  // an answer has the same grammar
  if (!offer) return tl::unexpected(sdp::to_string(offer.error()));
  RemoteDescription remote;
  remote.ice_lite = offer->ice_lite;
  for (const sdp::Section& section : offer->sections) {
    if (section.is_disabled()) continue;
    if (remote.transport.ice_ufrag.empty()) {
      remote.transport.ice_ufrag = section.transport.ice_ufrag;
      remote.transport.ice_pwd = section.transport.ice_pwd;
      remote.transport.setup = setup_of(section.transport);
      for (const auto& [algorithm, digest] : section.transport.fingerprints) {
        const auto fingerprint = control::dtls::parse_fingerprint(algorithm, digest);
        if (fingerprint) remote.transport.fingerprints.push_back(*fingerprint);
      }
    }
    add_candidates(remote.transport, section);
  }
  if (remote.transport.ice_ufrag.empty()) return tl::unexpected(std::string("no section with ICE credentials"));
  remote.sections = std::move(offer->sections);
  return remote;
}

}  // namespace penstock::load::peer
