// An XDP program that loses LOSS_PERCENT of the UDP datagrams that pass, at random: for kernels without netem.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

static unsigned int (*const random_number)(void) = (void*)BPF_FUNC_get_prandom_u32;

static int is_udp(const void* frame, const void* end) {
  const struct ethhdr* ethernet = frame;
  if ((const void*)(ethernet + 1) > end) return 0;
  if (ethernet->h_proto == __builtin_bswap16(ETH_P_IP)) {
    const struct iphdr* ip = (const void*)(ethernet + 1);
    return (const void*)(ip + 1) <= end && ip->protocol == IPPROTO_UDP;
  }
  const struct ipv6hdr* ip = (const void*)(ethernet + 1);
  return ethernet->h_proto == __builtin_bswap16(ETH_P_IPV6) && (const void*)(ip + 1) <= end &&
         ip->nexthdr == IPPROTO_UDP;
}

__attribute__((section("xdp"), used)) int lose(struct xdp_md* packet) {
  const void* frame = (const void*)(unsigned long)packet->data;
  const void* end = (const void*)(unsigned long)packet->data_end;
  return is_udp(frame, end) && random_number() % 100 < LOSS_PERCENT ? XDP_DROP : XDP_PASS;
}

char penstock_license[] __attribute__((section("license"), used)) = "GPL";
