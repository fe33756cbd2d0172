#include "control/ctl/rooms_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <functional>
#include <iostream>
#include <thread>

#include "control/ctl/rooms_api.h"
#include "control/ctl/rooms_table.h"

namespace penstock::control::ctl {
namespace {

// Rooms in a look of top; more do not fit a screen.
constexpr std::size_t kTopRooms = 20;

using Shown = tl::expected<std::string, std::string>;

Shown tabled(const std::function<std::string()>& table) {
  try {
    return table();
  } catch (const nlohmann::json::exception& error) {
    return tl::unexpected(fmt::format("that is not what a penstockd tells of rooms: {}", error.what()));
  }
}

Shown shown(const RoomsOptions& options, const tl::expected<Json, std::string>& list,
            std::string (*table)(const Json&)) {
  if (!list) return tl::unexpected(list.error());
  if (options.json) return list->dump(2) + '\n';
  return tabled([&] { return table(*list); });
}

int print(const Shown& text) {
  if (!text) {
    std::cerr << "penstockctl: " << text.error() << '\n';
    return 1;
  }
  std::cout << *text << std::flush;
  return 0;
}

std::string path_of(const RoomsOptions& options) {
  const std::string room = "/v1/rooms/" + segment(options.room) + "/endpoints";
  return options.endpoint.empty() ? room : room + '/' + segment(options.endpoint);
}

Shown look(const TopOptions& options) {
  const auto stats = ask(options.api, "/v1/stats");
  if (!stats) return tl::unexpected(stats.error());
  const auto rooms = ask_all(options.api, "/v1/stats", "rooms");
  if (!rooms) return tl::unexpected(rooms.error());
  return tabled([&] { return top_table(*stats, *rooms, kTopRooms); });
}

}  // namespace

int rooms(const RoomsOptions& options) {
  return print(shown(options, ask_all(options.api, "/v1/rooms", "rooms"), rooms_table));
}

int endpoints(const RoomsOptions& options) {
  return print(shown(options, ask_all(options.api, path_of(options), "endpoints"), endpoints_table));
}

int subscriptions(const RoomsOptions& options) {
  const auto tracks = ask_all(options.api, path_of(options) + "/tracks", "tracks");
  if (!tracks) return print(tl::unexpected(tracks.error()));
  const auto list = ask_all(options.api, path_of(options) + "/subscriptions", "subscriptions");
  if (!options.json && !tracks->empty()) {
    if (print(tabled([&] { return tracks_table(*tracks) + '\n'; })) != 0) return 1;
  }
  return print(shown(options, list, subscriptions_table));
}

int top(const TopOptions& options) {
  const bool screen = isatty(STDOUT_FILENO) == 1;
  for (std::uint64_t i = 1;; ++i) {
    const Shown text = look(options);
    if (screen && text) std::cout << "\033[H\033[2J";
    if (print(text) != 0) return 1;
    if (i == options.count) return 0;
    if (!screen) std::cout << '\n';
    std::this_thread::sleep_for(options.interval);
  }
}

}  // namespace penstock::control::ctl
