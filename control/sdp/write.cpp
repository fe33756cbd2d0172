#include "control/sdp/write.h"

#include <string_view>

namespace penstock::control::sdp {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void line(std::string& text, char letter, std::string_view value) {
  text.append({letter, '='}).append(value).append(kLineEnd);
}

void attributes(std::string& text, const std::vector<Attribute>& list) {
  for (const Attribute& a : list) line(text, 'a', a.value.empty() ? a.name : a.name + ':' + a.value);
}

void media(std::string& text, const MediaDescription& m) {
  std::string value = m.kind + ' ' + std::to_string(m.port);
  if (m.ports != 1) value += '/' + std::to_string(m.ports);
  value += ' ' + m.protocol;
  for (const std::string& format : m.formats) value += ' ' + format;
  line(text, 'm', value);
}

}  // namespace

std::string write(const Description& description) {
  std::string text;
  line(text, 'v', "0");
  line(text, 'o', description.origin);
  line(text, 's', description.name);
  if (!description.connection.empty()) line(text, 'c', description.connection);
  for (const std::string& time : description.times) line(text, 't', time);
  attributes(text, description.attributes);
  for (const MediaDescription& m : description.media) {
    media(text, m);
    if (!m.connection.empty()) line(text, 'c', m.connection);
    attributes(text, m.attributes);
  }
  return text;
}

std::string write_fragment(const Description& description) {
  std::string text;
  attributes(text, description.attributes);
  for (const MediaDescription& m : description.media) {
    media(text, m);
    attributes(text, m.attributes);
  }
  return text;
}

}  // namespace penstock::control::sdp
