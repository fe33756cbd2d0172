#pragma once
// The compiled XDP program: part of this binary, and a file that a driver can open.

#include <cstdint>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/port/xdp/descriptor.h"

namespace penstock::port {

/// The BPF object as clang made it from steer.bpf.c (ELF with BTF).
std::span<const std::uint8_t> steer_object();

/// Asks the kernel whether it would take the program, by loading and forgetting it. The error says what is missing:
/// capabilities, kernel version, configuration.
tl::expected<void, std::string> try_steer_object();

/// steer_object() as a file in memory; nothing is left behind when the process ends.
class ProgramFile {
 public:
  static tl::expected<ProgramFile, std::string> create();

  /// Good for opening in this process, as long as this object lives.
  std::string path() const;

 private:
  explicit ProgramFile(Descriptor file) : file_(std::move(file)) {}

  Descriptor file_;
};

}  // namespace penstock::port
