#include "dataplane/sfu/doors.h"

namespace penstock::sfu {
namespace {

net::LocalId& borrowed(Core& core, std::uint16_t worker, std::size_t door) {
  return core.borrowed[worker * core.settings.listen.size() + door];
}

}  // namespace

net::LocalId door_here(Core& core, std::uint16_t worker, net::LocalId local) {
  if (worker == core.shard.worker()) return local;
  if (core.neighbours == nullptr || worker >= core.neighbours->workers()) return net::kNoLocal;
  const auto& doors = core.neighbours->doors(worker);
  for (std::size_t i = 0; i < doors.size() && i < core.settings.listen.size(); ++i) {
    if (doors[i].local != local) continue;
    net::LocalId& here = borrowed(core, worker, i);
    // The first time; what cannot be had now may be had later.
    if (here == net::kNoLocal) here = core.shard.port().borrow(doors[i].lent).value_or(net::kNoLocal);
    return here;
  }
  return net::kNoLocal;
}

net::LocalId door_there(const Core& core, std::uint16_t worker, net::LocalId local) {
  if (worker == core.shard.worker()) return local;
  const auto& doors = core.neighbours->doors(worker);
  for (std::size_t i = 0; i < doors.size() && i < core.settings.listen.size(); ++i) {
    if (core.borrowed[worker * core.settings.listen.size() + i] == local) return doors[i].local;
  }
  return net::kNoLocal;
}

}  // namespace penstock::sfu
