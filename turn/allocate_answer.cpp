#include "turn/allocate_answer.h"

#include "turn/core.h"

namespace penstock::turn {

bool answer_allocate(Core& core, std::uint32_t index, const AnswerTo& to, const Authentication& authentication) {
  const Allocation& allocation = core.allocations[index];
  const AllocateAnswer& facts = core.allocations.facts(index).answer;
  Answer answer(core, to, &authentication, stun::Class::success);
  for (const RelayPort port : allocation.ports) {
    if (port.port != 0) answer.message().xor_relayed_address(core.directory.advertised(port));
  }
  answer.message().lifetime(facts.lifetime_s);
  if (facts.has_token) answer.message().reservation_token(facts.token);
  answer.message().xor_mapped_address(allocation.client);
  if (facts.address_error != 0) {
    answer.message().address_error_code(facts.address_error_family, static_cast<stun::Error>(facts.address_error));
  }
  return answer.send();
}

}  // namespace penstock::turn
