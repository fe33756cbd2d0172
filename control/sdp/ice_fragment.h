#pragma once
// Bodies of PATCH requests and their responses: trickled candidates and ICE restarts (RFC 8840, RFC 9725 section 4.3).

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "control/sdp/answer.h"
#include "control/sdp/candidate.h"
#include "control/sdp/error.h"

namespace penstock::control::sdp {

struct IceFragment {
  std::string ice_ufrag;  ///< of the first m-section that has it, else the session's; empty: not told
  std::string ice_pwd;
  std::vector<Candidate> candidates;
  bool end_of_candidates = false;
};

/// Total. Credentials come in pairs; candidates that cannot be read are left out.
tl::expected<IceFragment, Error> read_ice_fragment(std::string_view text);

/// The m-section that carries a session's transport, as far as fragments name it.
struct TaggedLine {
  std::string kind;
  std::string protocol;
  std::string format;  ///< the first of the m= line
  std::string mid;     ///< may be empty
  std::string group;   ///< "BUNDLE 0 1", empty without
};
TaggedLine tagged_line(const Offer& offer, const Negotiated& negotiated);

/// The body of the 200 to an ICE restart: our credentials and all our candidates, for the section they were told for
/// in the answer.
std::string write_ice_fragment(const TaggedLine& tagged, const LocalTransport& transport);

}  // namespace penstock::control::sdp
