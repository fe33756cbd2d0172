#pragma once
// What travels between threads: small, trivially copyable, by value.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace penstock::engine {

/// Sender id of the control thread; workers are 0, 1, ...
inline constexpr std::uint16_t kControl = 0xffff;

struct Message {
  static constexpr std::size_t kBodySize = 120;

  std::uint16_t from = kControl;
  std::uint8_t service = 0;  ///< ServiceId of the receiver
  std::uint8_t kind = 0;     ///< the service's own enum
  std::uint32_t reserved = 0;
  alignas(8) std::array<std::byte, kBodySize> body;

  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kBodySize);
    std::memcpy(body.data(), &value, sizeof(T));
  }
  template <class T>
  T get() const {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= kBodySize);
    T value;
    std::memcpy(&value, body.data(), sizeof(T));
    return value;
  }
};
static_assert(sizeof(Message) == 128 && std::is_trivially_copyable_v<Message>);

}  // namespace penstock::engine
