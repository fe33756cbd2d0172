#pragma once
// What is wrong with a description, and where.

#include <cstddef>
#include <string>

namespace penstock::control::sdp {

struct Error {
  std::size_t line = 0;  ///< counted from 1; 0: the description as a whole
  std::string reason;    ///< a sentence without a full stop, for whoever wrote the client
};

/// "line 12: a=mid '0' is there twice"
inline std::string to_string(const Error& error) {
  return error.line == 0 ? error.reason : "line " + std::to_string(error.line) + ": " + error.reason;
}

}  // namespace penstock::control::sdp
