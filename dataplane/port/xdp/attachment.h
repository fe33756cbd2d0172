#pragma once
// The XDP program of an interface: whose it is, and the right to put ours there.

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/port/xdp/descriptor.h"

namespace penstock::port {

/// The claim of one process on the XDP program of one interface, for as long as it lives. DPDK's driver attaches by
/// netlink, so a program outlives a process that was killed; the claim does not, and so tells a stale program from a
/// serving one. It is an abstract socket name: one per network namespace and interface, given up by the kernel.
class Attachment {
 public:
  /// Claims `interface` (index) and clears it of a program that a killed Penstock left there. The error names the
  /// interface, who is in the way, and what to do. Call it before the driver sees the interface: the driver would take
  /// away whatever program it finds when it gives up.
  static tl::expected<Attachment, std::string> claim(unsigned interface);

  Attachment(Attachment&&) noexcept = default;
  Attachment& operator=(Attachment&&) = delete;
  /// Detaches the program that was taken into care, if the interface still runs it.
  ~Attachment();

  /// Takes the program that the driver attached into care.
  void adopt(Descriptor program) { program_ = std::move(program); }

  unsigned interface() const { return interface_; }
  /// What claim() had to clear away, as a sentence for the log; empty when there was nothing.
  const std::string& cleared() const { return cleared_; }

 private:
  Attachment(unsigned interface, Descriptor claim) : interface_(interface), claim_(std::move(claim)) {}

  unsigned interface_;
  Descriptor claim_;
  Descriptor program_;
  std::string cleared_;
};

/// What an interface runs.
struct AttachedProgram {
  std::uint32_t id = 0;  ///< 0: none
  bool generic = false;  ///< after the kernel made an skb of each frame: works everywhere, slow
};

/// The error is an errno.
tl::expected<AttachedProgram, int> attached_program(unsigned interface);

/// "eth1", or its number when it is gone.
std::string interface_name(unsigned interface);

}  // namespace penstock::port
