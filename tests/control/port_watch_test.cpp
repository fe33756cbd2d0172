#include "control/lifecycle/port_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/control/ports_fixture.h"

namespace penstock::control {
namespace {

using testing::HasSubstr;
using testing::Not;

class Watching : public testing::Test {
 protected:
  std::string told() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::ostringstream out_;
  Log log_{LogSection{}, &out_};
  PortWatch watch_{log_};
  PortsState ports_ = two_devices();
};

TEST_F(Watching, ALinePerDeviceAtStart) {
  ports_.notes = {"eth1 had a program of an earlier run"};
  watch_.announce(ports_);
  const std::string text = told();
  EXPECT_THAT(text, HasSubstr("device=0000:01:00.0 driver=net_ixgbe interface=pen1 mac=02:00:00:00:00:02 mtu=1500"));
  EXPECT_THAT(text, HasSubstr("steering=rss offloads=rx_udp_checksum,tx_udp_checksum interrupts=true"));
  EXPECT_THAT(text, HasSubstr("device=eth1 driver=net_af_xdp"));
  EXPECT_THAT(text, HasSubstr("eth1 had a program of an earlier run"));
  watch_.look(ports_);
  EXPECT_EQ(told(), "");
}

TEST_F(Watching, LinksThatChangeAreToldOnce) {
  watch_.announce(ports_);
  told();
  ports_.devices[1].facts.link_up = false;
  watch_.look(ports_);
  EXPECT_THAT(told(), HasSubstr("link_down"));
  watch_.look(ports_);
  EXPECT_EQ(told(), "");
  ports_.devices[1].facts.link_up = true;
  watch_.look(ports_);
  const std::string text = told();
  EXPECT_THAT(text, HasSubstr("link_up"));
  EXPECT_THAT(text, HasSubstr("device=0000:01:00.0"));
}

TEST_F(Watching, WhatTheMirrorCannotFollowIsToldWhenItAppears) {
  watch_.announce(ports_);
  told();
  ports_.mirror->warnings = {"2 policy rules are not followed"};
  watch_.look(ports_);
  EXPECT_THAT(told(), HasSubstr("2 policy rules are not followed"));
  ports_.mirror->warnings.push_back("eth1 belongs to a bridge");
  watch_.look(ports_);
  const std::string text = told();
  EXPECT_THAT(text, HasSubstr("belongs to a bridge"));
  EXPECT_THAT(text, Not(HasSubstr("policy rules")));
}

TEST_F(Watching, RulesOfADeviceAreJudgedByTheFirstThousandPackets) {
  port::PortCounters counters;
  const std::vector<WorkerSource> workers = {{.port = &counters}};
  counters.same_worker.add(900);
  counters.handed_over.add(600);
  watch_.verify_steering(ports_, workers);
  EXPECT_EQ(told(), "") << "no device has rules";
  ports_.devices[1].facts.steering = port::Steering::flow_rules;
  watch_.verify_steering(ports_, workers);
  EXPECT_THAT(told(), HasSubstr("steering_not_effective"));
  watch_.verify_steering(ports_, workers);
  EXPECT_EQ(told(), "") << "said once";

  PortWatch another(log_);
  counters.same_worker.add(100'000);
  another.verify_steering(ports_, workers);
  EXPECT_THAT(told(), HasSubstr("steering_verified"));
}

TEST_F(Watching, SocketsAreOneLine) {
  watch_.announce({});
  EXPECT_THAT(told(), HasSubstr("kernel sockets by io_uring"));
}

}  // namespace
}  // namespace penstock::control
