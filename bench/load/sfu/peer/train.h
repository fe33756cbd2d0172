#pragma once
// Equal datagrams by one system call.

#include <sys/uio.h>

#include <cstddef>
#include <span>

namespace penstock::load::peer {

/// Sends what `slices` hold as datagrams of `segment_bytes` each, of which the last may be shorter, on a connected
/// socket: by UDP_SEGMENT if there is more than one. False, and errno says why, if the kernel took none.
bool send_train(int fd, std::span<iovec> slices, std::size_t segment_bytes);

}  // namespace penstock::load::peer
