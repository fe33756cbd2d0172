#include <gtest/gtest.h>

#include <set>

#include "dataplane/port/dpdk/endpoints.h"

namespace penstock::port {
namespace {

net::LocalId bind(Endpoints& endpoints) {
  const net::LocalId id = endpoints.take();
  if (id != net::kNoLocal) endpoints[id].bound = true;
  return id;
}

TEST(Endpoints, AsManyAsItWasMadeFor) {
  Endpoints endpoints(8);
  std::set<net::LocalId> ids;
  for (unsigned i = 0; i < 8; ++i) ids.insert(bind(endpoints));
  EXPECT_EQ(ids.size(), 8U);
  EXPECT_EQ(*ids.rbegin(), 7U) << "dense";
  EXPECT_EQ(bind(endpoints), net::kNoLocal);
  EXPECT_EQ(bind(endpoints), net::kNoLocal);
  endpoints.give_back(3);
  EXPECT_EQ(endpoints.find(3), nullptr);
  EXPECT_EQ(bind(endpoints), 3U);
  EXPECT_NE(endpoints.find(3), nullptr);
  EXPECT_EQ(bind(endpoints), net::kNoLocal);
}

TEST(Endpoints, NobodyIsFoundWhereNobodyWasBound) {
  Endpoints endpoints(8);
  EXPECT_EQ(endpoints.find(0), nullptr);
  EXPECT_EQ(endpoints.find(net::kNoLocal), nullptr);
  endpoints.take();
  EXPECT_EQ(endpoints.find(0), nullptr) << "taken, not filled yet";
}

TEST(Endpoints, AnIdComesBackAsLateAsItCan) {
  Endpoints endpoints(4);
  const net::LocalId first = bind(endpoints);
  endpoints.give_back(first);
  EXPECT_NE(bind(endpoints), first) << "while there are fresh ones";
  EXPECT_NE(bind(endpoints), first);
  EXPECT_NE(bind(endpoints), first);
  for (const net::LocalId id : {2U, 1U, 3U}) endpoints.give_back(id);
  for (const net::LocalId expected : {first, 2U, 1U, 3U}) EXPECT_EQ(bind(endpoints), expected) << "oldest first";
  for (unsigned round = 0; round < 100; ++round) {  // round and round the ring
    endpoints.give_back(round % 4);
    EXPECT_EQ(bind(endpoints), round % 4);
  }
  EXPECT_EQ(bind(endpoints), net::kNoLocal);
}

TEST(Endpoints, ReferencesStay) {
  Endpoints endpoints(1000);
  bind(endpoints);
  const LocalEndpoint* one = endpoints.find(0);
  for (unsigned i = 1; i < 1000; ++i) bind(endpoints);
  EXPECT_EQ(endpoints.find(0), one);
}

}  // namespace
}  // namespace penstock::port
