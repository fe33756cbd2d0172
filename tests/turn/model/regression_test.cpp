// Sequences that once went wrong, or nearly: kept as they were found, made short.
#include <gtest/gtest.h>

#include "tests/turn/model/trial.h"

namespace penstock::turn {
namespace {

using namespace test;

constexpr std::size_t kAda = 0;

// The permission named first has expired and is still in the table, which the second one fills: making room for that
// took out the first while it was being renewed.
TEST(ModelRegressions, AnExpiredPermissionIsRenewedWhileItsTableIsFull) {
  Trial trial;
  const auto& peers = trial.peers();
  trial.allocate(kAda);
  trial.permit(kAda, {peers[0]});
  trial.advance(299 * kSecond);
  trial.permit(kAda, {peers[1], peers[2], peers[3], peers[4]});
  trial.advance(kSecond);
  trial.permit(kAda, {peers[0], {kRelay4, 20000}});  // one too many
  trial.probe();
  trial.permit(kAda, {peers[0]});
  trial.probe();
  trial.finish(false);
}

}  // namespace
}  // namespace penstock::turn
