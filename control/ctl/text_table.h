#pragma once
// Columns as wide as what is in them.

#include <string>
#include <vector>

namespace penstock::control::ctl {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heading) : rows_{std::move(heading)} {}
  /// As many cells as the heading has.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// A line per row, columns two blanks apart. Cells that are numbers stand to the right.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace penstock::control::ctl
