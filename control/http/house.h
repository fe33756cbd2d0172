#pragma once
// What all connections of one server share. Private to control/http.

#include "control/http/router.h"
#include "control/http/server.h"

namespace penstock::control::http {

struct House {
  Router router;
  Limits limits;
  ServerCounters counters{};
  std::size_t open_streams = 0;
};

}  // namespace penstock::control::http
