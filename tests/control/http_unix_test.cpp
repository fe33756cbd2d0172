// Unix sockets: their files, and who is in the way.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/control/http_fixture.h"
#include "tests/control/temporary_directory.h"

namespace penstock::control::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Router who_router() {
  Router router;
  router.add("GET", "/who", [](const Request& r) {
    return Response{.body = r.client.carrier == Carrier::unix_socket ? "unix" : "tcp"};
  });
  return router;
}

class HttpUnix : public testing::Test {
 protected:
  mode_t mode() const {
    struct stat found{};
    return lstat(path_.c_str(), &found) == 0 ? found.st_mode : 0;
  }
  tl::expected<Server, std::string> listen(const std::string& path, unsigned mode = 0600) {
    return Server::listen(io_, Listener{UnixAddress{path, mode}}, who_router());
  }
  /// As a process leaves it that was killed.
  void leave_a_socket_behind() {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path_.copy(to.sun_path, sizeof to.sun_path - 1);
    const int s = socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(bind(s, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    close(s);
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.path("api.sock");
  boost::asio::io_context io_;
};

TEST_F(HttpUnix, CarriesRequestsAndGoesAwayWithTheServer) {
  {
    RunningServer server(Listener{UnixAddress{path_, 0620}}, who_router());
    EXPECT_EQ(mode(), S_IFSOCK | 0620U);
    EXPECT_THAT(server.url("/who"), HasSubstr("http+unix://%2F"));
    const auto answer = get(server.url("/who"), 2s);
    ASSERT_TRUE(answer) << answer.error();
    EXPECT_EQ(answer->body, "unix");
  }
  EXPECT_EQ(mode(), 0U);
  EXPECT_THAT(get(unix_url(path_) + "/who", 1s).error(), HasSubstr("no answer from http+unix://"));
}

TEST_F(HttpUnix, TheUmaskDoesNotCount) {
  const mode_t before = umask(0777);
  const auto server = listen(path_, 0666);
  umask(before);
  ASSERT_TRUE(server) << server.error();
  EXPECT_EQ(mode(), S_IFSOCK | 0666U);
}

TEST_F(HttpUnix, AStaleSocketIsReplaced) {
  leave_a_socket_behind();
  const auto server = listen(path_);
  EXPECT_TRUE(server) << server.error();
}

TEST_F(HttpUnix, ALiveSocketIsLeftAlone) {
  RunningServer first(Listener{UnixAddress{path_}}, who_router());
  const auto second = listen(path_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("another process answers there"));
  EXPECT_EQ(get(first.url("/who"), 2s)->body, "unix");
}

TEST_F(HttpUnix, AFileInTheWayIsLeftAlone) {
  directory_.write("api.sock", "precious");
  const auto server = listen(path_);
  ASSERT_FALSE(server);
  EXPECT_THAT(server.error(), HasSubstr("no socket is in its place"));
  EXPECT_EQ(directory_.read("api.sock"), "precious");
}

TEST_F(HttpUnix, ASocketOfOthersIsLeftAloneAtTheEnd) {
  {
    const auto server = listen(path_);
    ASSERT_TRUE(server);
    unlink(path_.c_str());
    leave_a_socket_behind();
  }
  EXPECT_TRUE(S_ISSOCK(mode()));
}

TEST_F(HttpUnix, APathTooLongIsAnError) {
  EXPECT_THAT(listen(path_ + std::string(200, 'x')).error(), HasSubstr("has 1 to 107 bytes"));
  EXPECT_THAT(listen("").error(), HasSubstr("has 1 to 107 bytes"));
  EXPECT_THAT(listen("/nowhere/api.sock").error(), HasSubstr("cannot listen for HTTP on '/nowhere/api.sock'"));
}

}  // namespace
}  // namespace penstock::control::http
