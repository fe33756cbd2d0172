#include "bench/load/sfu/peer/ortc.h"

#include <fmt/format.h>

namespace penstock::load::peer {
namespace {

using nlohmann::json;

std::string_view name_of(DtlsSetup setup) {
  switch (setup) {
    case DtlsSetup::active:
      return "active";
    case DtlsSetup::passive:
      return "passive";
    case DtlsSetup::actpass:
      break;
  }
  return "auto";
}

/// Empty when it is not there or no text.
std::string text_of(const json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const json& list_of(const json& object, const char* member) {
  static const json kNone = json::array();
  const auto found = object.find(member);
  return found != object.end() && found->is_array() ? *found : kNone;
}

}  // namespace

json to_ortc(const TransportParameters& local) {
  json fingerprints = json::array();
  for (const auto& fingerprint : local.fingerprints) {
    fingerprints.push_back({{"hash", fingerprint.hash_name()}, {"value", fingerprint.hex()}});
  }
  return {{"ice_ufrag", local.ice_ufrag},
          {"ice_pwd", local.ice_pwd},
          {"dtls_role", name_of(local.setup)},
          {"fingerprints", std::move(fingerprints)}};
}

tl::expected<TransportParameters, std::string> from_ortc(const json& local) {
  if (!local.is_object()) return tl::unexpected(std::string("the endpoint has no \"local\""));
  TransportParameters remote;
  remote.ice_ufrag = text_of(local, "ice_ufrag");
  remote.ice_pwd = text_of(local, "ice_pwd");
  remote.setup = text_of(local, "dtls_role") == "active" ? DtlsSetup::active : DtlsSetup::passive;
  for (const json& one : list_of(local, "fingerprints")) {
    const auto fingerprint = control::dtls::parse_fingerprint(text_of(one, "hash"), text_of(one, "value"));
    if (fingerprint) remote.fingerprints.push_back(*fingerprint);
  }
  for (const json& one : list_of(local, "candidates")) {
    const auto address = net::parse_address(text_of(one, "address"));
    const auto port = one.find("port");
    if (!address || port == one.end() || !port->is_number_unsigned()) continue;
    remote.candidates.push_back({*address, port->get<std::uint16_t>()});
  }
  if (remote.ice_ufrag.empty() || remote.fingerprints.empty() || remote.candidates.empty()) {
    return tl::unexpected(fmt::format("\"local\" lacks ice_ufrag, fingerprints or candidates: {}", local.dump()));
  }
  return remote;
}

}  // namespace penstock::load::peer
