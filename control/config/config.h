#pragma once
// The configuration: one struct per section, defaults beside the fields. What each key means, its unit and its limits
// are said once, in describe() (sections.cpp), from which the parser, `--print-config` and the flags work.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/keys.h"
#include "dataplane/net/address.h"
#include "dataplane/port/dpdk/idle.h"
#include "dataplane/srtp/cipher.h"
#include "turn/settings.h"

namespace penstock::control {

/// [listen]: where TURN clients come in.
struct ListenSection {
  std::vector<net::Endpoint> addresses;  ///< port 0: `port`; a wildcard, or none at all: every address of the host
  std::uint16_t port = 3478;

  void describe(Keys& keys);
};

/// [relay]: where allocations live.
struct RelaySection {
  std::vector<turn::RelayAddress> addresses;  ///< none: the listening addresses
  std::uint16_t port_min = 10000;
  std::uint16_t port_max = 32767;  ///< below the ephemeral ports of Linux (32768-60999)

  void describe(Keys& keys);
};

/// [auth]: who may allocate.
struct AuthSection {
  std::string realm = "penstock";
  std::vector<turn::StaticUser> users;
  std::string users_file;
  std::vector<turn::SharedSecret> secrets;
  std::string secrets_file;
  std::uint32_t nonce_lifetime_s = 600;

  void describe(Keys& keys);
};

/// [peers]: who may be reached through the relay.
struct PeersSection {
  std::vector<net::Prefix> allow;
  std::vector<net::Prefix> deny;
  std::vector<net::Address> own_addresses;

  void describe(Keys& keys);
};

/// [limits]: per user, in total, per allocation. 0: no limit.
struct LimitsSection {
  turn::UserLimits user;
  turn::TotalLimits total;
  turn::AllocationLimits allocation;

  void describe(Keys& keys);
};

/// [answers]: what anybody may ask for without a password.
struct AnswersSection {
  turn::AnswerRateLimits rates;
  std::string software;

  void describe(Keys& keys);
};

/// Threads that DPDK can register (RTE_MAX_LCORE), less the control thread.
inline constexpr std::uint32_t kMostWorkers = 127;
/// The owner of a relayed port is looked up by a byte.
inline constexpr std::size_t kMostRelayAddresses = 255;

/// [workers]: how many, and where.
struct WorkersSection {
  std::uint32_t count = 0;           ///< 0: one per core
  std::vector<std::uint32_t> cores;  ///< none: all that this process may use

  void describe(Keys& keys);
};

/// [dataplane]: what is sized at start and never grows. Counts are per worker.
struct DataplaneSection {
  std::vector<PortChoice> ports;  ///< none: uring
  std::uint32_t memory_mb = 0;    ///< 0: what the sizes below need
  std::uint32_t packets = 8192;
  std::uint32_t slabs = 1024;
  std::uint32_t receive_buffer_kb = 8192;
  std::uint32_t allocations = 65536;
  std::uint32_t permissions = 262144;
  std::uint32_t channels = 131072;

  void describe(Keys& keys);
};

/// What a DPDK port's pools and rings are made of.
enum class HugePages : std::uint8_t { automatic, on, off };
inline constexpr std::array<std::string_view, 3> kHugePagesNames = {"auto", "on", "off"};
inline constexpr std::array<std::string_view, 2> kIdleNames = {"adaptive", "spin"};

/// [dpdk]: how its ports are driven.
struct DpdkSection {
  HugePages huge_pages = HugePages::automatic;
  port::Idle idle = port::Idle::adaptive;
  std::uint32_t idle_sleep_us = 500;
  std::uint32_t descriptors = 1024;
  std::uint32_t handoff = 1024;

  void describe(Keys& keys);
};

/// [media]: rooms. There is no such thing unless [http] has a listener, by which they are programmed.
struct MediaSection {
  std::uint16_t port = 3500;
  std::uint32_t endpoints = 4096;
  std::uint32_t tracks = 4096;
  std::uint32_t subscriptions = 16384;
  std::uint32_t packets = 16384;
  std::uint32_t outgoing = 8192;
  std::uint32_t big_room = 32;
  srtp::Kind cipher = srtp::Kind::automatic;
  std::uint32_t consent_s = 30;
  std::uint32_t lost_s = 30;
  std::string certificate;
  std::string key;

  void describe(Keys& keys);
};
inline constexpr std::array<std::string_view, 3> kCipherNames = {"auto", "ipsec_mb", "libsrtp"};

/// [http]: the control API, WHIP and WHEP, and the demo page.
struct HttpSection {
  std::vector<net::Endpoint> listen;
  std::string socket;
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  std::vector<turn::SharedSecret> tokens;
  std::string tokens_file;
  std::vector<turn::SharedSecret> whip_secrets;
  std::string whip_secrets_file;
  bool demo = false;

  static constexpr std::uint16_t kPort = 8080;

  /// Where to listen: as configured; the demo alone, on loopback.
  std::vector<net::Endpoint> endpoints() const;
  /// Whether there are rooms at all.
  bool enabled() const { return demo || !listen.empty() || !socket.empty(); }

  void describe(Keys& keys);
};

enum class LogFormat : std::uint8_t { text, json };
inline constexpr std::array<std::string_view, 2> kLogFormatNames = {"text", "json"};
enum class LogLevel : std::uint8_t { debug, info, warning, error };
inline constexpr std::array<std::string_view, 4> kLogLevelNames = {"debug", "info", "warning", "error"};

/// [log]: to standard error, for the journal.
struct LogSection {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;
  std::uint32_t lines_per_minute = 60;
  std::string allocations_file;

  void describe(Keys& keys);
};

/// [metrics]: the HTTP listener for Prometheus, health checks and penstockctl.
struct MetricsSection {
  std::optional<net::Endpoint> listen = net::Endpoint{net::Address::v4(0x7f000001), 9641};

  void describe(Keys& keys);
};

/// [drain]: what SIGTERM does.
struct DrainSection {
  std::uint32_t deadline_s = 60;

  void describe(Keys& keys);
};

struct Config {
  ListenSection listen;
  RelaySection relay;
  AuthSection auth;
  PeersSection peers;
  LimitsSection limits;
  AnswersSection answers;
  WorkersSection workers;
  DataplaneSection dataplane;
  DpdkSection dpdk;
  MediaSection media;
  HttpSection http;
  LogSection log;
  MetricsSection metrics;
  DrainSection drain;
};

/// The rows of all sections, bound to this `config`; valid as long as it stays where it is.
Keys keys_of(Config& config);

}  // namespace penstock::control
