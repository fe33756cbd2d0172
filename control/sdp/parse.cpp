#include "control/sdp/parse.h"

#include <optional>
#include <utility>

#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

struct Line {
  std::size_t number = 0;
  char letter = 0;
  std::string_view value;
};

tl::unexpected<Error> wrong(const Line& line, std::string reason) {
  return tl::unexpected(Error{line.number, std::move(reason)});
}

/// The lines of a text, one after the other.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  tl::expected<Line, Error> next() {
    Line line{++number_, 0, {}};
    std::string_view text = cut(rest_, '\n');
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (number_ > kMostLines) return wrong(line, "more than " + std::to_string(kMostLines) + " lines");
    if (text.size() > kMostLineBytes) return wrong(line, "more than " + std::to_string(kMostLineBytes) + " bytes");
    if (text.find_first_of(std::string_view("\0\r", 2)) != text.npos) return wrong(line, "a NUL or a lone CR");
    if (text.size() < 2 || text[1] != '=') return wrong(line, quoted(text) + " is not of the form 'x=...'");
    line.letter = text[0];
    line.value = text.substr(2);
    return line;
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

tl::expected<MediaDescription, Error> read_media(const Line& line) {
  const auto fields = words(line.value);
  if (fields.size() < 4) return wrong(line, "m= needs a kind, a port, a protocol and a format");
  MediaDescription media;
  media.line = line.number;
  std::string_view ports = fields[1];
  const auto port = number<std::uint16_t>(cut(ports, '/'));
  const auto count = ports.empty() ? std::uint16_t{1} : number<std::uint16_t>(ports);
  if (!port || !count || *count == 0) return wrong(line, "m= has no port in " + quoted(fields[1]));
  if (!is_token(fields[0])) return wrong(line, "m= has no kind in " + quoted(fields[0]));
  media.kind = fields[0];
  media.port = *port;
  media.ports = *count;
  media.protocol = fields[2];
  media.formats.assign(fields.begin() + 3, fields.end());
  return media;
}

tl::expected<Attribute, Error> read_attribute(const Line& line) {
  std::string_view value = line.value;
  const std::string_view name = cut(value, ':');
  if (!is_token(name)) return wrong(line, "a= has no name in " + quoted(name));
  return Attribute{std::string(name), std::string(value), line.number};
}

/// Takes lines into a description.
class Parser {
 public:
  tl::expected<void, Error> take(const Line& line) {
    if (line.letter == 'm') return start_media(line);
    if (line.letter == 'a') return add_attribute(line);
    return description_.media.empty() ? take_session_line(line) : take_media_line(line);
  }

  /// Which of the required lines is missing, if one is.
  char missing() const {
    constexpr std::string_view kRequired = "vost";
    for (const char letter : kRequired) {
      if (seen_.find(letter) == seen_.npos) return letter;
    }
    return 0;
  }

  Description&& result() && { return std::move(description_); }

 private:
  tl::expected<void, Error> start_media(const Line& line) {
    if (description_.media.size() == kMostMediaDescriptions) {
      return wrong(line, "more than " + std::to_string(kMostMediaDescriptions) + " m-sections");
    }
    auto media = read_media(line);
    if (!media) return tl::unexpected(media.error());
    description_.media.push_back(*std::move(media));
    return {};
  }

  tl::expected<void, Error> add_attribute(const Line& line) {
    auto attribute = read_attribute(line);
    if (!attribute) return tl::unexpected(attribute.error());
    auto& list = description_.media.empty() ? description_.attributes : description_.media.back().attributes;
    list.push_back(*std::move(attribute));
    return {};
  }

  tl::expected<void, Error> take_session_line(const Line& line) {
    constexpr std::string_view kKnown = "vosiuepcbtrzk", kRepeatable = "epbtr";
    if (kKnown.find(line.letter) == kKnown.npos) return unknown(line);
    const bool again = seen_.find(line.letter) != seen_.npos;
    if (again && kRepeatable.find(line.letter) == kRepeatable.npos) return twice(line);
    if (seen_.empty() && line.letter != 'v') return wrong(line, "a description starts with v=0");
    if (!again) seen_ += line.letter;
    if (line.letter == 'v' && line.value != "0") return wrong(line, "v= is " + quoted(line.value) + ", not 0");
    if (line.letter == 'o' && words(line.value).size() != 6) return wrong(line, "o= has not six fields");
    if (line.letter == 't' && words(line.value).size() != 2) return wrong(line, "t= has not two fields");
    if (line.letter == 'o') description_.origin = line.value;
    if (line.letter == 's') description_.name = line.value;
    if (line.letter == 'c') description_.connection = line.value;
    if (line.letter == 't' && !again) description_.times.clear();
    if (line.letter == 't') description_.times.emplace_back(line.value);
    return {};
  }

  tl::expected<void, Error> take_media_line(const Line& line) {
    constexpr std::string_view kKnown = "icbk";
    if (kKnown.find(line.letter) == kKnown.npos) return unknown(line);
    // c= may come several times, for layered multicast (RFC 8866 section 5.7); the first is the one we would use.
    std::string& connection = description_.media.back().connection;
    if (line.letter == 'c' && connection.empty()) connection = line.value;
    return {};
  }

  tl::unexpected<Error> unknown(const Line& line) const {
    const char* where = description_.media.empty() ? " is no line of a session" : " is no line of an m-section";
    return wrong(line, quoted({&line.letter, 1}) + where);
  }
  static tl::unexpected<Error> twice(const Line& line) {
    return wrong(line, std::string{line.letter} + "= is there twice");
  }

  Description description_;
  std::string seen_;  ///< letters of the session's lines
};

tl::expected<Description, Error> parse_lines(std::string_view text, bool fragment) {
  if (text.size() > kMostBytes) return tl::unexpected(Error{0, "more than " + std::to_string(kMostBytes) + " bytes"});
  Parser parser;
  for (LineReader lines(text); !lines.at_end();) {
    const auto line = lines.next();
    if (!line) return tl::unexpected(line.error());
    if (fragment && line->letter != 'a' && line->letter != 'm') {
      return wrong(*line, quoted({&line->letter, 1}) + " is no line of an SDP fragment");
    }
    if (const auto taken = parser.take(*line); !taken) return tl::unexpected(taken.error());
  }
  if (const char letter = parser.missing(); letter != 0 && !fragment) {
    return tl::unexpected(Error{0, std::string("there is no ") + letter + "= line"});
  }
  return std::move(parser).result();
}

}  // namespace

tl::expected<Description, Error> parse(std::string_view text) {
  return parse_lines(text, false);
}

tl::expected<Description, Error> parse_fragment(std::string_view text) {
  return parse_lines(text, true);
}

}  // namespace penstock::control::sdp
