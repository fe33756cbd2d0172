#include "control/whip/entity_tag.h"

namespace penstock::control::whip {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string entity_tag(std::string_view ice_ufrag) {
  return '"' + std::string(ice_ufrag) + '"';
}

bool if_match(std::string_view list, std::string_view tag) {
  // Our tags hold no comma, so a comma within someone else's cannot make one of them.
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view item = trimmed(list.substr(0, comma));
    if (item == "*" || item == "\"*\"" || item == tag) return true;
    list = comma == list.npos ? std::string_view{} : list.substr(comma + 1);
  }
  return false;
}

}  // namespace penstock::control::whip
