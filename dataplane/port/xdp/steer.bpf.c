// Takes our UDP datagrams off an interface and leaves everything else to the kernel.
//
// Ours are: UDP datagrams to an address and port that are bound (map `addresses`, map `ports`), the fragments of such
// datagrams, and ICMP errors that quote a datagram we sent. They go to the AF_XDP socket of the queue they arrived on
// (map `xsks_map`, filled by DPDK's net_af_xdp). ARP, neighbour discovery, ping, ssh, DNS stay the kernel's, and so
// does our own traffic as long as nobody serves its queue.
//
// Of a fragmented datagram only the first fragment tells the port. The rest follow it by (source, destination,
// identification); one that overtakes its first goes to the kernel, where the datagram times out.
//
// Frames of several buffers ("xdp.frags") are welcome, or an interface with a large MTU would refuse the program.
// AF_XDP as DPDK uses it has one buffer per frame, though: the socket drops datagrams that are longer, and counts them.
//
// No GPL-only helper is called, so no licence is declared to the kernel.

// clang-format off: libbpf's headers lean on the kernel's
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
// clang-format on

#include "dataplane/port/xdp/steering.h"

#define MAX_EXTENSION_HEADERS 4
#define FRAGMENT_LIFETIME_NS 30000000000ull  // what Linux grants a datagram for its reassembly
#define IP_MORE_FRAGMENTS 0x2000
#define IP_FRAGMENT_OFFSET 0x1fff
#define IPV6_MORE_FRAGMENTS 0x0001
#define IPV6_FRAGMENT_OFFSET 0xfff8

/// 16 bytes in network order, IPv4 as v4-mapped: net::Address.
struct address {
  __be32 words[4];
};

/// The errors that reach the sender of a datagram. Redirects are the kernel's: it keeps the routes.
enum { ICMP_UNREACHABLE = 3, ICMP_TIME_EXCEEDED = 11, ICMP_PARAMETER_PROBLEM = 12 };  // RFC 792
enum { ICMPV6_UNREACHABLE = 1, ICMPV6_PARAMETER_PROBLEM = 4 };                        // RFC 4443: 1 to 4

/// ICMP and ICMPv6 alike; the quoted packet follows.
struct icmp_error {
  __u8 type;
  __u8 code;
  __be16 checksum;
  __be32 data;
};

struct datagram_id {
  struct address source;
  struct address destination;
  __be32 identification;
};

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, PENSTOCK_XDP_QUEUES);
  __type(key, __u32);
  __type(value, __u32);
} xsks_map SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, PENSTOCK_XDP_ADDRESSES);
  __type(key, struct address);
  __type(value, __u32);
} addresses SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, PENSTOCK_XDP_ADDRESSES);
  __type(key, __u32);
  __type(value, struct penstock_xdp_ports);
} ports SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, PENSTOCK_XDP_FRAGMENTS);
  __type(key, struct datagram_id);
  __type(value, __u64);
} fragments SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, PENSTOCK_XDP_COUNTERS);
  __type(key, __u32);
  __type(value, __u64);
} counters SEC(".maps");

/// A frame, read up to `at`. Headers are copied out (bpf_xdp_load_bytes, Linux 5.18): pointers into the frame at
/// offsets that a header tells would take CAP_PERFMON.
struct frame {
  struct xdp_md* context;
  __u32 at;
};

/// An IP packet's facts as far as they matter here.
struct packet {
  struct datagram_id id;
  __u8 protocol;
  _Bool more_fragments;
  _Bool later_fragment;  // not the first: carries no ports
};

/// Copies the next `size` bytes. False when the frame is too short.
static __always_inline _Bool take(struct frame* frame, void* header, __u32 size) {
  if (bpf_xdp_load_bytes(frame->context, frame->at, header, size) != 0) return 0;
  frame->at += size;
  return 1;
}
#define TAKE(frame, header) take(frame, &(header), sizeof(header))

static __always_inline void count(__u32 counter) {
  __u64* n = bpf_map_lookup_elem(&counters, &counter);
  if (n) ++*n;
}

static __always_inline _Bool is_ours(const struct address* address, __be16 port) {
  const __u32* index = bpf_map_lookup_elem(&addresses, address);
  if (!index) return 0;
  const struct penstock_xdp_ports* bitmap = bpf_map_lookup_elem(&ports, index);
  if (!bitmap) return 0;
  const __u16 p = bpf_ntohs(port);
  return bitmap->words[p / 64] >> (p % 64) & 1;
}

static __always_inline struct address v4_mapped(__be32 address) {
  return (struct address){{0, 0, bpf_htonl(0xffff), address}};
}

static __always_inline struct address v6(const struct in6_addr* address) {
  return (struct address){{address->s6_addr32[0], address->s6_addr32[1], address->s6_addr32[2], address->s6_addr32[3]}};
}

static __always_inline _Bool read_ipv4(struct frame* frame, struct packet* packet) {
  const __u32 start = frame->at;
  struct iphdr ip;
  if (!TAKE(frame, ip) || ip.version != 4 || ip.ihl < 5) return 0;
  const __u16 fragment = bpf_ntohs(ip.frag_off);
  packet->id.source = v4_mapped(ip.saddr);
  packet->id.destination = v4_mapped(ip.daddr);
  packet->id.identification = ip.id;
  packet->protocol = ip.protocol;
  packet->more_fragments = (fragment & IP_MORE_FRAGMENTS) != 0;
  packet->later_fragment = (fragment & IP_FRAGMENT_OFFSET) != 0;
  frame->at = start + ip.ihl * 4;
  return 1;
}

/// Skips extension headers up to the fragment's or the upper layer's (RFC 8200 section 4). A later fragment has no more
/// headers of use behind its own.
static __always_inline _Bool read_ipv6(struct frame* frame, struct packet* packet) {
  struct ipv6hdr ip;
  if (!TAKE(frame, ip) || ip.version != 6) return 0;
  packet->id.source = v6(&ip.saddr);
  packet->id.destination = v6(&ip.daddr);
  packet->id.identification = 0;
  packet->protocol = ip.nexthdr;
  packet->more_fragments = packet->later_fragment = 0;

  struct extension {
    __u8 next;
    __u8 size;  // in units of 8 bytes, not counting the first 8; reserved in a fragment header, which has 8
    __be16 offset;
    __be32 identification;
  };
  for (int i = 0; i < MAX_EXTENSION_HEADERS; ++i) {
    const __u8 kind = packet->protocol;
    if (kind != IPPROTO_HOPOPTS && kind != IPPROTO_ROUTING && kind != IPPROTO_DSTOPTS && kind != IPPROTO_FRAGMENT)
      break;
    struct extension extension;
    if (!TAKE(frame, extension)) return 0;
    packet->protocol = extension.next;
    if (kind == IPPROTO_FRAGMENT) {
      const __u16 offset = bpf_ntohs(extension.offset);
      packet->id.identification = extension.identification;
      packet->more_fragments = (offset & IPV6_MORE_FRAGMENTS) != 0;
      packet->later_fragment = (offset & IPV6_FRAGMENT_OFFSET) != 0;
      if (packet->later_fragment) break;
    } else {
      frame->at += extension.size * 8;
    }
  }
  return 1;
}

/// The destination of a datagram, or of the fragments that its first one vouched for.
static __always_inline _Bool is_our_datagram(struct frame* frame, const struct packet* packet) {
  if (packet->later_fragment) {
    const __u64* first_seen_ns = bpf_map_lookup_elem(&fragments, &packet->id);
    return first_seen_ns && bpf_ktime_get_ns() - *first_seen_ns < FRAGMENT_LIFETIME_NS;
  }
  struct udphdr udp;
  const _Bool ours = TAKE(frame, udp) && is_ours(&packet->id.destination, udp.dest);
  if (packet->more_fragments) {
    const __u64 now_ns = bpf_ktime_get_ns();
    if (ours) {
      bpf_map_update_elem(&fragments, &packet->id, &now_ns, BPF_ANY);
    } else {
      bpf_map_delete_elem(&fragments, &packet->id);  // identifications come round again
    }
  }
  return ours;
}

/// The source of the datagram that an error quotes (RFC 792; RFC 4443 section 3).
static __always_inline _Bool quotes_ours(struct frame* frame, struct packet* quoted, _Bool is_v4) {
  const _Bool readable = is_v4 ? read_ipv4(frame, quoted) : read_ipv6(frame, quoted);
  if (!readable || quoted->protocol != IPPROTO_UDP || quoted->later_fragment) return 0;
  // Eight bytes of UDP are quoted at least.
  struct udphdr udp;
  return TAKE(frame, udp) && is_ours(&quoted->id.source, udp.source);
}

static __always_inline _Bool is_our_icmp_error(struct frame* frame, struct packet* packet, _Bool is_v4) {
  if (packet->protocol != (is_v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6)) return 0;
  struct icmp_error icmp;
  if (!TAKE(frame, icmp)) return 0;
  const __u8 type = icmp.type;
  const _Bool error = is_v4 ? type == ICMP_UNREACHABLE || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER_PROBLEM
                            : type >= ICMPV6_UNREACHABLE && type <= ICMPV6_PARAMETER_PROBLEM;
  return error && quotes_ours(frame, packet, is_v4);
}

/// Returns the counter of ours that a frame belongs to, PENSTOCK_XDP_PASSED when it is none.
static __always_inline __u32 classify(struct xdp_md* context) {
  struct frame frame = {context, 0};
  struct packet packet = {};
  struct ethhdr ethernet;
  if (!TAKE(&frame, ethernet)) return PENSTOCK_XDP_PASSED;
  __be16 protocol = ethernet.h_proto;
  if (protocol == bpf_htons(ETH_P_8021Q)) {
    struct tag {
      __be16 control;
      __be16 protocol;
    };
    struct tag tag;
    if (!TAKE(&frame, tag)) return PENSTOCK_XDP_PASSED;
    protocol = tag.protocol;
  }
  const _Bool is_v4 = protocol == bpf_htons(ETH_P_IP);
  if (is_v4 ? !read_ipv4(&frame, &packet) : protocol != bpf_htons(ETH_P_IPV6) || !read_ipv6(&frame, &packet)) {
    return PENSTOCK_XDP_PASSED;
  }
  if (packet.protocol == IPPROTO_UDP) {
    if (!is_our_datagram(&frame, &packet)) return PENSTOCK_XDP_PASSED;
    return packet.more_fragments || packet.later_fragment ? PENSTOCK_XDP_FRAGMENTS_TAKEN : PENSTOCK_XDP_TAKEN;
  }
  if (packet.more_fragments || packet.later_fragment) return PENSTOCK_XDP_PASSED;
  return is_our_icmp_error(&frame, &packet, is_v4) ? PENSTOCK_XDP_ERRORS_TAKEN : PENSTOCK_XDP_PASSED;
}

SEC("xdp.frags")
int penstock_steer(struct xdp_md* context) {
  const __u32 verdict = classify(context);
  if (verdict == PENSTOCK_XDP_PASSED) {
    count(PENSTOCK_XDP_PASSED);
    return XDP_PASS;
  }
  if (bpf_redirect_map(&xsks_map, context->rx_queue_index, XDP_PASS) != XDP_REDIRECT) {
    count(PENSTOCK_XDP_UNSERVED);
    return XDP_PASS;
  }
  count(PENSTOCK_XDP_TAKEN);
  if (verdict != PENSTOCK_XDP_TAKEN) count(verdict);
  return XDP_REDIRECT;
}
