#pragma once
// How the kernel's scheduler treats a worker that has to share its CPU.

namespace penstock::engine {

/// Asks for the shortest time slices there are, for the calling thread: its turns get shorter, not fewer, and it
/// preempts threads with longer slices as soon as a packet wakes it (EEVDF's custom slices, Linux 6.12). Needs no
/// privilege. Older kernels take no notice.
void ask_for_short_time_slices();

}  // namespace penstock::engine
