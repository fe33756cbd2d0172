#include "control/ctl/ports_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "control/ctl/text_table.h"

namespace penstock::control::ctl {
namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json& json, const char* key) {
  return json.at(key).get<std::string>();
}
std::uint64_t number(const Json& json, const char* key) {
  return json.at(key).get<std::uint64_t>();
}
std::string digits(const Json& json, const char* key) {
  return fmt::format("{}", number(json, key));
}
std::string joined(const Json& list) {
  return list.empty() ? "-" : fmt::format("{}", fmt::join(list.get<std::vector<std::string>>(), ","));
}

std::string link(const Json& device) {
  if (!device.at("link_up").get<bool>()) return "down";
  const std::uint64_t mbps = number(device, "link_mbps");
  return mbps == 0 ? "up" : mbps < 1000 ? fmt::format("{}M", mbps) : fmt::format("{}G", mbps / 1000);
}

std::string devices(const Json& list) {
  TextTable table({"device", "driver", "link", "MTU", "queues", "steering", "offloads", "frames in", "out", "missed",
                   "no packet", "errors"});
  for (const Json& d : list) {
    table.add({text(d, "name"), text(d, "driver"), link(d), digits(d, "mtu"),
               fmt::format("{}/{}", number(d, "rx_queues"), number(d, "tx_queues")), text(d, "steering"),
               joined(d.at("offloads")), digits(d, "received_frames"), digits(d, "sent_frames"), digits(d, "missed"),
               digits(d, "no_packet"), fmt::format("{}", number(d, "receive_errors") + number(d, "send_errors"))});
  }
  return table.text();
}

// What the kernel has of each device: by our XDP program, or through a tap.
std::string shares(const Json& list) {
  std::string out;
  for (const Json& d : list) {
    if (d.contains("xdp")) {
      const Json& x = d.at("xdp");
      out += fmt::format("{}: XDP took {} frames ({} fragments, {} ICMP errors), left {} to the kernel; unserved {}\n",
                         text(d, "name"), number(x, "taken"), number(x, "taken_fragments"), number(x, "taken_errors"),
                         number(x, "passed"), number(x, "unserved"));
    }
    if (d.contains("exceptions")) {
      const Json& e = d.at("exceptions");
      out += fmt::format("{}: {} gives the kernel", text(d, "name"), text(d, "interface"));
      for (const auto& [name, c] : e.at("classes").items()) {
        out += fmt::format(" {} {} (dropped {}),", name, number(c, "punted"), number(c, "dropped"));
      }
      out += fmt::format(" takes {} (dropped {})\n", number(e, "injected"), number(e, "inject_dropped"));
    }
  }
  return out;
}

std::string interfaces(const Json& list) {
  TextTable table({"interface", "device", "VLAN", "state", "MTU", "MAC", "addresses"});
  for (const Json& i : list) {
    table.add({text(i, "name"), text(i, "device"), i.at("vlan").is_null() ? "-" : digits(i, "vlan"),
               i.at("up").get<bool>() ? "up" : "down", digits(i, "mtu"), text(i, "mac"), joined(i.at("addresses"))});
  }
  return table.text();
}

std::string mirror(const Json& m) {
  std::string out = "neighbours:";
  for (const auto& [state, count] : m.at("neighbours").items()) {
    out += fmt::format("  {} {}", state, count.get<std::uint64_t>());
  }
  out += fmt::format("\nroutes: {}, given to the workers {} times\n", number(m, "routes"), number(m, "route_updates"));
  for (const Json& warning : m.at("warnings")) out += fmt::format("warning: {}\n", warning.get<std::string>());
  return out;
}

std::string workers(const Json& list) {
  TextTable table({"worker", "core", "endpoints", "own packets", "handed over", "share", "taken over", "dropped"});
  for (const Json& w : list) {
    const auto own = static_cast<double>(number(w, "same_worker"));
    const auto others = static_cast<double>(number(w, "handed_over"));
    table.add({digits(w, "worker"), digits(w, "cpu"), digits(w, "locals"), digits(w, "same_worker"),
               digits(w, "handed_over"), fmt::format("{:.1f}%", own + others > 0 ? 100 * others / (own + others) : 0),
               digits(w, "taken_over"), digits(w, "handoff_dropped")});
  }
  return table.text();
}

std::string of_dpdk(const Json& ports) {
  std::string out = devices(ports.at("devices")) + shares(ports.at("devices")) + '\n';
  out += interfaces(ports.at("interfaces"));
  if (!ports.at("mirror").is_null()) out += mirror(ports.at("mirror"));
  out += fmt::format("\n{}packet pools are of {} pages\n", workers(ports.at("workers")),
                     ports.at("huge_pages").get<bool>() ? "huge" : "ordinary");
  for (const Json& note : ports.at("notes")) out += fmt::format("note: {}\n", note.get<std::string>());
  return out;
}

std::string of_sockets(const Json& ports) {
  std::vector<std::string> locals;
  for (const Json& w : ports.at("workers")) {
    locals.push_back(fmt::format("{} has {}", number(w, "worker"), number(w, "locals")));
  }
  return fmt::format("kernel sockets by io_uring, on every interface; endpoints by worker: {}\n",
                     fmt::join(locals, ", "));
}

}  // namespace

tl::expected<std::string, std::string> ports_table(std::string_view ports) {
  try {
    const Json json = Json::parse(ports);
    return text(json, "kind") == "dpdk" ? of_dpdk(json) : of_sockets(json);
  } catch (const nlohmann::json::exception& error) {
    return tl::unexpected(fmt::format("that is not what a penstockd tells of its ports: {}", error.what()));
  }
}

}  // namespace penstock::control::ctl
