#pragma once
// The table of configuration keys: one row per key, from which the parser, the flags, the printed example and the
// reload all work, so that they cannot differ.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/port/dpdk/spec.h"
#include "turn/settings.h"

namespace penstock::control {

/// An enumeration in the configuration: `value` points at an enum class of one byte, counted from 0 like `names`.
struct Choice {
  std::uint8_t* value;
  std::span<const std::string_view> names;
};

/// How datagrams enter and leave: kernel sockets by io_uring, or a DPDK device.
struct PortChoice {
  std::optional<port::DeviceSpec> device;  ///< nullopt: uring
};

/// Where a key's value lives; the alternative is its type.
using Slot = std::variant<bool*, std::uint16_t*, std::uint32_t*, std::uint64_t*, std::string*, Choice,
                          std::optional<net::Endpoint>*, std::vector<std::uint32_t>*, std::vector<net::Endpoint>*,
                          std::vector<net::Address>*, std::vector<net::Prefix>*, std::vector<turn::RelayAddress>*,
                          std::vector<turn::StaticUser>*, std::vector<turn::SharedSecret>*, std::vector<PortChoice>*>;

/// When a changed value counts.
enum class Applies : std::uint8_t {
  at_start,   ///< needs a restart
  on_reload,  ///< taken over by SIGHUP
};

/// Both ends included; for numbers and for each number of a list.
struct Range {
  std::uint64_t min = 0;
  std::uint64_t max = UINT64_MAX;
};

struct Key {
  std::string_view section;
  std::string_view name;
  Slot slot;
  Range range;
  Applies applies = Applies::at_start;
  std::string_view help;  ///< what it does, its unit; sentences

  std::string full_name() const { return std::string(section) + '.' + std::string(name); }
};

struct Section {
  std::string_view name;
  std::string_view help;
};

/// Collects the rows; every section of the configuration describes itself to it.
class Keys {
 public:
  void section(std::string_view name, std::string_view help) { sections_.push_back({name, help}); }

  template <class T>
  void add(std::string_view name, T& value, Applies applies, std::string_view help) {
    add(name, value, Range{}, applies, help);
  }
  template <class T>
  void add(std::string_view name, T& value, Range range, Applies applies, std::string_view help) {
    if constexpr (std::is_unsigned_v<T> && !std::is_same_v<T, bool>) {
      range.max = std::min<std::uint64_t>(range.max, std::is_same_v<T, std::uint64_t> ? INT64_MAX : T(-1));
    }
    rows_.push_back({sections_.back().name, name, Slot(&value), range, applies, help});
  }
  template <class Enum>
  void choice(std::string_view name, Enum& value, std::span<const std::string_view> names, Applies applies,
              std::string_view help) {
    static_assert(sizeof(Enum) == 1);
    rows_.push_back(
        {sections_.back().name, name, Choice{reinterpret_cast<std::uint8_t*>(&value), names}, {}, applies, help});
  }

  std::span<Key> rows() { return rows_; }
  std::span<const Section> sections() const { return sections_; }
  /// By "section.name"; nullptr when there is none.
  Key* find(std::string_view full_name);
  bool has_section(std::string_view name) const;

 private:
  std::vector<Section> sections_;
  std::vector<Key> rows_;
};

}  // namespace penstock::control
