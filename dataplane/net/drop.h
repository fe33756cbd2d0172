#pragma once
// Why a packet ended without being sent or consumed. One enum, one table of names: metrics, docs and tests share both.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::net {

enum class Drop : std::uint8_t {
  // port
  rx_truncated,  // longer than the receive slab
  rx_no_packet,  // packet pool empty
  rx_malformed,  // a frame with broken IP or UDP headers
  rx_bad_checksum,
  tx_no_buffer,     // send queue of the socket or device full
  tx_too_big,       // does not fit the path's MTU and may not be fragmented
  tx_unreachable,   // no route, network or host unreachable
  tx_refused,       // the kernel's firewall or policy said no
  tx_error,         // any other send error
  tx_no_neighbour,  // the next hop does not answer, or there is no room to wait for it
  tx_link_down,
  fragment_timeout,    // a datagram whose fragments did not all come in time
  fragment_overflow,   // more fragments or datagrams in pieces than there is room for
  fragment_malformed,  // overlapping, or longer than a datagram may be
  // engine
  no_flow,       // no service claims the local endpoint (any more)
  handoff_full,  // the owner's mailbox is full
  // turn: from clients
  not_turn,  // neither STUN nor ChannelData
  malformed_stun,
  malformed_channel_data,
  no_allocation,        // ChannelData or indication on a five-tuple without allocation
  no_channel,           // channel number not bound
  no_permission,        // Send to a peer without permission
  peer_denied,          // peer policy
  bad_indication,       // indication without its mandatory attributes, or not one a client may send
  unknown_attribute,    // indication with an unknown comprehension-required attribute
  stray_response,       // a STUN response nobody asked for
  unknown_method,       // a request for what TURN does not have (RFC 8489 section 6.3)
  answer_rate_limited,  // 401, 438 or Binding answer withheld (RFC 8489 section 16)
  request_pending,      // retransmission of a request still being decided
  wrong_family,         // peer address family the allocation does not have
  // turn: from peers
  peer_no_permission,
  peer_rate_limited,    // user's limit, peer to client
  client_rate_limited,  // user's limit, client to peer
  too_long,             // would exceed 65507 bytes with its header
  pool_empty,           // no packet for an answer or an indication
  // sfu
  not_media,           // neither STUN, DTLS, RTP nor RTCP
  unchecked_pair,      // from where no connectivity check was authenticated
  check_malformed,     // on a media port, but no connectivity check
  check_unknown,       // a check for no endpoint of ours
  check_forged,        // MESSAGE-INTEGRITY wrong
  check_pair_taken,    // the address is another endpoint's, which is alive
  handshake_overflow,  // DTLS faster than it is handled, or longer than a datagram may be
  media_without_keys,  // before the handshake is over
  malformed_rtp,
  malformed_rtcp,
  foreign_payload_type,  // of a known SSRC, but not what its track carries
  unknown_stream,        // no track has that SSRC, MID or payload type
  srtp_forged,           // authentication failed
  srtp_replayed,
  media_store_full,
  rtcp_overload,  // more feedback than an endpoint, or all of them in one pass, may have worked on
  count_
};

inline constexpr std::size_t kDropCount = static_cast<std::size_t>(Drop::count_);

/// Names as in metrics: penstock_packets_dropped_total{reason="..."}.
inline constexpr std::array<std::string_view, kDropCount> kDropNames = {
    "rx_truncated",
    "rx_no_packet",
    "rx_malformed",
    "rx_bad_checksum",
    "tx_no_buffer",
    "tx_too_big",
    "tx_unreachable",
    "tx_refused",
    "tx_error",
    "tx_no_neighbour",
    "tx_link_down",
    "fragment_timeout",
    "fragment_overflow",
    "fragment_malformed",
    "no_flow",
    "handoff_full",
    "not_turn",
    "malformed_stun",
    "malformed_channel_data",
    "no_allocation",
    "no_channel",
    "no_permission",
    "peer_denied",
    "bad_indication",
    "unknown_attribute",
    "stray_response",
    "unknown_method",
    "answer_rate_limited",
    "request_pending",
    "wrong_family",
    "peer_no_permission",
    "peer_rate_limited",
    "client_rate_limited",
    "too_long",
    "pool_empty",
    "not_media",
    "unchecked_pair",
    "check_malformed",
    "check_unknown",
    "check_forged",
    "check_pair_taken",
    "handshake_overflow",
    "media_without_keys",
    "malformed_rtp",
    "malformed_rtcp",
    "foreign_payload_type",
    "unknown_stream",
    "srtp_forged",
    "srtp_replayed",
    "media_store_full",
    "rtcp_overload",
};

constexpr std::string_view name(Drop d) {
  return kDropNames[static_cast<std::size_t>(d)];
}

}  // namespace penstock::net
