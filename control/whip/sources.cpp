#include "control/whip/sources.h"

#include <utility>

namespace penstock::control::whip {

void Sources::add(const rooms::TrackReference& track, sfu::MediaKind kind, sfu::Codec codec) {
  sources_[key(track)] = {kind, codec, next_number_++, 0};
}

void Sources::remove(const rooms::TrackReference& track) {
  sources_.erase(key(track));
}

bool Sources::remove_endpoint(std::string_view endpoint) {
  return std::erase_if(sources_, [endpoint](const auto& entry) { return entry.first.endpoint == endpoint; }) > 0;
}

bool Sources::set_active(const rooms::TrackReference& track, std::uint32_t encoding, bool active) {
  const auto found = sources_.find(key(track));
  if (found == sources_.end() || encoding >= 32) return false;
  const std::uint32_t bit = std::uint32_t{1} << encoding;
  std::uint32_t& bits = found->second.active_encodings;
  const bool sent = bits != 0;
  bits = active ? bits | bit : bits & ~bit;
  return sent != (bits != 0);
}

std::optional<rooms::TrackReference> Sources::choose(const Taste& taste,
                                                     const std::optional<rooms::TrackReference>& current) const {
  const auto shown = current ? sources_.find(key(*current)) : sources_.end();
  // The one with the highest (sends, number) wins; what is shown already has to be beaten by a newer one that sends.
  const Key* best = nullptr;
  std::pair<bool, std::uint64_t> rank{false, 0};
  if (shown != sources_.end()) {
    best = &shown->first;
    rank = {true, shown->second.number};
  }
  for (const auto& [candidate, source] : sources_) {
    if (source.kind != taste.kind || source.codec != taste.codec) continue;
    if (!taste.publisher.empty() && candidate.endpoint != taste.publisher) continue;
    const std::pair<bool, std::uint64_t> own{source.active_encodings != 0, source.number};
    if (own <= rank) continue;
    best = &candidate;
    rank = own;
  }
  if (best == nullptr) return {};
  return rooms::TrackReference{best->endpoint, best->track};
}

}  // namespace penstock::control::whip
