#include "dataplane/srtp/libsrtp/reference_cipher.h"

#include <algorithm>

#include "dataplane/net/bytes.h"
#include "dataplane/srtp/job_checks.h"

namespace penstock::srtp::libsrtp {
namespace {

srtp_err_status_t start_once() {
  static const srtp_err_status_t status = [] {
    const srtp_err_status_t started = srtp_init();
    // Its events (an SSRC used in both directions, keys near their end) are the caller's to notice.
    if (started == srtp_err_status_ok) srtp_install_event_handler([](srtp_event_data_t*) {});
    return started;
  }();
  return status;
}

/// libsrtp finds the payload by itself: the caller's header has to be what the packet says (RFC 3550 section 5.1).
bool header_agrees(std::span<const std::uint8_t> packet, std::size_t header_size) {
  std::size_t size = kRtpHeaderBytes + std::size_t{4} * (packet[0] & 0x0f);
  if ((packet[0] & 0x10) != 0) {
    if (size + 4 > header_size) return false;
    size += 4 + std::size_t{4} * net::load_be16(packet.data() + size + 2);
  }
  return size == header_size;
}

template <class Job>
void run_all(std::span<Job> jobs, auto&& run) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].size = 0;
    jobs[i].result = i < kMaxBatch ? run(jobs[i]) : Result::malformed;
  }
}

}  // namespace

tl::expected<std::unique_ptr<Cipher>, std::string> ReferenceCipher::create(std::size_t contexts) {
  if (const srtp_err_status_t status = start_once(); status != srtp_err_status_ok) {
    return tl::unexpected("libsrtp does not start (error " + std::to_string(status) +
                          "): its self-tests failed, or NSS has no memory");
  }
  return std::unique_ptr<Cipher>(new ReferenceCipher(contexts));
}

void ReferenceCipher::install(ContextId id, const MasterKey& key) {
  if (id >= contexts()) return;
  auto context = std::make_unique<Context>();
  const bool opened = context->rtp.open(key) && context->rtcp.open(key);
  contexts_[id] = opened ? std::move(context) : nullptr;
}

void ReferenceCipher::remove(ContextId id) {
  if (id < contexts()) contexts_[id] = nullptr;
}

ContextState ReferenceCipher::take(ContextId id) {
  if (id >= contexts()) return {};
  return {.rtcp_index = 0, .kept = std::move(contexts_[id])};
}

void ReferenceCipher::resume(ContextId id, const MasterKey&, ContextState state) {
  if (id >= contexts()) return;
  auto* context = dynamic_cast<Context*>(state.kept.get());
  if (context != nullptr) static_cast<void>(state.kept.release());
  contexts_[id].reset(context);
}

void ReferenceCipher::protect(std::span<ProtectJob> jobs) {
  run_all(jobs, [this](ProtectJob& job) { return run(job); });
}

void ReferenceCipher::unprotect(std::span<UnprotectJob> jobs) {
  run_all(jobs, [this](UnprotectJob& job) { return run(job); });
}

Result ReferenceCipher::run(ProtectJob& job) {
  if (!installed(job.context)) return Result::no_context;
  Session& session = contexts_[job.context]->rtp;
  if (const Result checked = check(job, session.key().profile); checked != Result::ok) return checked;
  if (!header_agrees(job.out.first(job.header_size), job.header_size)) return Result::malformed;
  auto end = std::ranges::copy(job.out.first(job.header_size), scratch_.begin()).out;
  end = std::ranges::copy(job.prefix, end).out;
  end = std::ranges::copy(job.payload, end).out;
  auto size = static_cast<std::size_t>(end - scratch_.begin());
  const Result result = session.protect(scratch_, job.packet_index, size);
  if (result != Result::ok) return result;
  std::ranges::copy(std::span(scratch_).first(size), job.out.begin());
  job.size = static_cast<std::uint32_t>(size);
  return Result::ok;
}

Result ReferenceCipher::run(UnprotectJob& job) {
  if (!installed(job.context)) return Result::no_context;
  Session& session = contexts_[job.context]->rtp;
  if (const Result checked = check(job, session.key().profile); checked != Result::ok) return checked;
  if (!header_agrees(job.packet, job.header_size)) return Result::malformed;
  std::ranges::copy(job.packet, scratch_.begin());
  std::size_t size = job.packet.size();
  const Result result = session.unprotect(scratch_, job.packet_index, size);
  if (result != Result::ok) return result;
  std::ranges::copy(std::span(scratch_).first(size).subspan(job.header_size), job.out.begin());
  job.size = static_cast<std::uint32_t>(size - job.header_size);
  return Result::ok;
}

ProtectedRtcp ReferenceCipher::protect_rtcp(ContextId id, std::span<std::uint8_t> buffer, std::size_t size) {
  if (!installed(id)) return {Result::no_context, 0};
  Session& session = contexts_[id]->rtcp;
  if (const Result checked = check_plain_rtcp(buffer.size(), size, session.key().profile); checked != Result::ok) {
    return {checked, 0};
  }
  std::ranges::copy(buffer.first(size), scratch_.begin());
  const Result result = session.protect_rtcp(scratch_, size);
  if (result != Result::ok) return {result, 0};
  std::ranges::copy(std::span(scratch_).first(size), buffer.begin());
  return {Result::ok, size};
}

UnprotectedRtcp ReferenceCipher::unprotect_rtcp(ContextId id, std::span<std::uint8_t> packet) {
  if (!installed(id)) return {Result::no_context, 0, 0};
  Session& session = contexts_[id]->rtcp;
  const Profile profile = session.key().profile;
  if (const Result checked = check_protected_rtcp(packet.size(), profile); checked != Result::ok) {
    return {checked, 0, 0};
  }
  const std::uint32_t index_word = rtcp_index_word(packet, profile);
  if ((index_word & kRtcpEncrypted) == 0) return {Result::malformed, 0, 0};
  std::ranges::copy(packet, scratch_.begin());
  std::size_t size = packet.size();
  const Result result = session.unprotect_rtcp(scratch_, size);
  if (result != Result::ok) return {result, 0, 0};
  std::ranges::copy(std::span(scratch_).first(size), packet.begin());
  return {Result::ok, size, index_word & kMaxRtcpIndex};
}

}  // namespace penstock::srtp::libsrtp
