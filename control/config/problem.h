#pragma once
// What is wrong with a configuration: all of it, not only the first.

#include <map>
#include <string>
#include <vector>

namespace penstock::control {

struct Problem {
  std::string where;   ///< "penstock.toml:12", "--relay", or empty when no place can be named
  std::string reason;  ///< a sentence that names the key and says what to do
};
using Problems = std::vector<Problem>;

inline std::string to_string(const Problem& p) {
  return p.where.empty() ? p.reason : p.where + ": " + p.reason;
}

/// Where the value of each key ("section.name") was last set; keys at their default are absent.
using Origins = std::map<std::string, std::string, std::less<>>;

}  // namespace penstock::control
