#include "control/ctl/rooms_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "control/ctl/text_table.h"

namespace penstock::control::ctl {
namespace {

std::uint64_t number(const Json& json, const char* key) {
  return json.at(key).get<std::uint64_t>();
}
std::string digits(const Json& json, const char* key) {
  return fmt::format("{}", number(json, key));
}
std::string kbit(const Json& json, const char* key) {
  return fmt::format("{}", (number(json, key) + 500) / 1000);
}
std::string text(const Json& json, const char* key) {
  const Json& value = json.at(key);
  if (value.is_null()) return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}
std::string or_dash(std::string value) {
  return value.empty() ? "-" : value;
}
std::string percent(std::uint64_t fraction_of_256) {
  return fmt::format("{:.1f}%", 100.0 * static_cast<double>(fraction_of_256) / 256);
}

std::string encoding_name(const Json& track, std::size_t at) {
  const Json& encoding = track.at("state").at("encodings").at(at);
  return or_dash(text(encoding, "rid"));
}

std::string source(const Json& subscription) {
  const Json& track = subscription.at("track");
  return track.is_null() ? "-" : fmt::format("{}/{}", text(track, "endpoint"), text(track, "track"));
}

/// Those that have its endpoints: "0", "0,2".
std::string workers(const Json& room) {
  std::vector<std::string> with_endpoints;
  const Json& endpoints = room.at("endpoints_by_worker");
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    if (endpoints[i].get<std::uint64_t>() != 0) with_endpoints.push_back(fmt::format("{}", i));
  }
  return with_endpoints.empty() ? digits(room, "worker") : fmt::format("{}", fmt::join(with_endpoints, ","));
}

std::string layer(const Json& state) {
  const std::string now = text(state, "spatial_layer"), target = text(state, "target_spatial_layer");
  return now == target ? now : fmt::format("{}->{}", now, target);
}

}  // namespace

std::string rooms_table(const Json& rooms) {
  TextTable table({"room", "workers", "endpoints", "tracks", "subscriptions", "kbit/s in", "out"});
  for (const Json& room : rooms) {
    const Json& s = room.at("state");
    table.add({text(room, "id"), workers(s), digits(s, "endpoints"), digits(s, "tracks"), digits(s, "subscriptions"),
               kbit(s, "received_bit_rate"), kbit(s, "sent_bit_rate")});
  }
  return table.text();
}

std::string endpoints_table(const Json& endpoints) {
  TextTable table(
      {"endpoint", "worker", "ICE", "DTLS", "SRTP", "remote address", "tracks", "subscriptions", "kbit/s in", "out"});
  for (const Json& endpoint : endpoints) {
    const Json& s = endpoint.at("state");
    const std::string worker = s.at("moving_to").is_null()
                                   ? digits(s, "worker")
                                   : fmt::format("{}->{}", digits(s, "worker"), digits(s, "moving_to"));
    table.add({text(endpoint, "id"), worker, text(s, "ice"), text(s, "dtls"), or_dash(text(s, "srtp_profile")),
               text(s, "remote_address"), fmt::format("{}", endpoint.at("tracks").size()),
               fmt::format("{}", endpoint.at("subscriptions").size()), kbit(s, "received_bit_rate"),
               kbit(s, "sent_bit_rate")});
  }
  return table.text();
}

std::string tracks_table(const Json& tracks) {
  TextTable table({"track", "kind", "layer", "active", "size", "kbit/s", "lost", "recovered", "NACKs", "key frames"});
  for (const Json& track : tracks) {
    const Json& encodings = track.at("state").at("encodings");
    for (std::size_t i = 0; i < encodings.size(); ++i) {
      const Json& e = encodings[i];
      table.add({text(track, "id"), text(track, "kind"), encoding_name(track, i),
                 e.at("active").get<bool>() ? "yes" : "no",
                 number(e, "width") == 0 ? "-" : fmt::format("{}x{}", number(e, "width"), number(e, "height")),
                 kbit(e, "bit_rate"), digits(e, "lost"), digits(e, "recovered"), digits(e, "nacks_sent"),
                 digits(e, "key_frames")});
    }
  }
  return table.text();
}

std::string subscriptions_table(const Json& subscriptions) {
  TextTable table({"subscription", "track", "kind", "layer", "paused", "kbit/s", "loss", "RTT ms", "sent again",
                   "switches", "waits"});
  for (const Json& subscription : subscriptions) {
    const Json& s = subscription.at("state");
    table.add({text(subscription, "id"), source(subscription), text(subscription, "kind"), layer(s),
               subscription.at("paused").get<bool>() ? "yes" : "no", kbit(s, "bit_rate"),
               percent(number(s, "fraction_lost")),
               fmt::format("{:.1f}", static_cast<double>(number(s, "rtt_us")) / 1000), digits(s, "retransmitted"),
               digits(s, "layer_switches"), digits(s, "key_frame_waits")});
  }
  return table.text();
}

std::string top_table(const Json& stats, const Json& rooms, std::size_t most) {
  TextTable by_worker({"worker", "rooms", "endpoints", "tracks", "mirrors", "subscriptions", "kbit/s in", "out"});
  for (std::size_t i = 0; i < stats.at("workers").size(); ++i) {
    const Json& w = stats.at("workers")[i];
    const Json& p = w.at("population");
    by_worker.add({fmt::format("{}", i), digits(p, "rooms"), digits(p, "endpoints"), digits(p, "tracks"),
                   digits(p, "mirrors"), digits(p, "subscriptions"), kbit(w, "received_bit_rate"),
                   kbit(w, "sent_bit_rate")});
  }
  std::vector<Json> busiest(rooms.begin(), rooms.end());
  const auto traffic = [](const Json& room) {
    return number(room, "received_bit_rate") + number(room, "sent_bit_rate");
  };
  std::ranges::stable_sort(busiest, std::ranges::greater(), traffic);
  if (busiest.size() > most) busiest.resize(most);
  TextTable table({"room", "workers", "endpoints", "tracks", "subscriptions", "kbit/s in", "out"});
  for (const Json& room : busiest) {
    table.add({text(room, "id"), workers(room), digits(room, "endpoints"), digits(room, "tracks"),
               digits(room, "subscriptions"), kbit(room, "received_bit_rate"), kbit(room, "sent_bit_rate")});
  }
  return by_worker.text() + '\n' + table.text();
}

}  // namespace penstock::control::ctl
