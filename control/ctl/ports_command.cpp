#include <iostream>

#include "control/ctl/commands.h"
#include "control/ctl/ports_table.h"

namespace penstock::control::ctl {
namespace {

constexpr std::chrono::seconds kTimeout{5};

}  // namespace

int ports(const PortsOptions& options) {
  auto shown = fetch(options.metrics_url, "/ports", kTimeout);
  if (shown && !options.json) shown = ports_table(*shown);
  if (!shown) {
    std::cerr << "penstockctl: " << shown.error() << '\n';
    return 1;
  }
  std::cout << *shown;
  return 0;
}

}  // namespace penstock::control::ctl
