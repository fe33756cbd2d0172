#include "bench/load/sfu/run/scenarios.h"

namespace penstock::load::sfu {
Report run_churn(const Options&) {
  return tl::unexpected(std::string("x"));
}
Report run_floods(const Options&) {
  return tl::unexpected(std::string("x"));
}
}  // namespace penstock::load::sfu
