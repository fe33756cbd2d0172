#pragma once
// Errors in one line.

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "control/rooms/error.h"

namespace penstock::control::rooms {

template <class... Args>
tl::unexpected<Error> refuse(ErrorKind kind, std::string field, fmt::format_string<Args...> sentence, Args&&... args) {
  return tl::make_unexpected(Error{kind, std::move(field), fmt::format(sentence, std::forward<Args>(args)...)});
}
template <class... Args>
tl::unexpected<Error> invalid(std::string field, fmt::format_string<Args...> sentence, Args&&... args) {
  return refuse(ErrorKind::invalid, std::move(field), sentence, std::forward<Args>(args)...);
}
template <class... Args>
tl::unexpected<Error> conflict(std::string field, fmt::format_string<Args...> sentence, Args&&... args) {
  return refuse(ErrorKind::conflict, std::move(field), sentence, std::forward<Args>(args)...);
}

/// The same error, of a part of the object: "/tracks/a~0b" + "/mid".
inline Error within(std::string_view member, std::string_view key, Error error) {
  std::string field = fmt::format("/{}/", member);
  for (const char c : key) {  // RFC 6901 section 3; ids have no '/'
    if (c == '~') {
      field += "~0";
    } else {
      field += c;
    }
  }
  error.field = field + error.field;
  return error;
}

}  // namespace penstock::control::rooms
