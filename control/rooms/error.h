#pragma once
// Why the model refuses a request: values that the control API and WHIP/WHEP map to their own answers.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::control::rooms {

enum class ErrorKind : std::uint8_t {
  invalid,              ///< a value that is never right: 400 or 422
  not_found,            ///< the object addressed, or one referred to, does not exist: 404
  conflict,             ///< right by itself, but not beside what there is (an SSRC, a MID, a payload type): 409
  precondition_failed,  ///< If-Match or If-None-Match: 412
  limit,                ///< of a room, an endpoint or the configuration: 403 or 507
  busy,                 ///< places of the worker that are just being given back; the same request succeeds soon: 503
  count_
};
inline constexpr std::size_t kErrorKindCount = static_cast<std::size_t>(ErrorKind::count_);
/// Short, stable, for `type` URIs and tests.
std::string_view name(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::invalid;
  /// JSON pointer (RFC 6901) into the object's representation, as the members of spec.h are named ("/codecs/0/name",
  /// "/encodings/1/ssrc"); empty: about the object as a whole.
  std::string field{};
  std::string sentence{};  ///< what is wrong, and what to do

  friend bool operator==(const Error&, const Error&) = default;
};

/// A batch's: which of its steps was refused.
struct Refusal {
  std::size_t step = 0;
  Error error;
};

}  // namespace penstock::control::rooms
