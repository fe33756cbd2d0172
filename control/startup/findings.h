#pragma once
// What start-up finds out about this host, each with its fix in one line.

#include <string>
#include <utility>
#include <vector>

namespace penstock::control {

struct Finding {
  bool refuse = false;  ///< the relay could not work; otherwise a warning
  std::string what;
  std::string fix;
  bool note = false;  ///< less than a warning: it works as it should, and could be better
};

class Findings {
 public:
  void refuse(std::string what, std::string fix) { list_.push_back({true, std::move(what), std::move(fix)}); }
  void warn(std::string what, std::string fix) { list_.push_back({false, std::move(what), std::move(fix)}); }
  void note(std::string what, std::string fix) { list_.push_back({false, std::move(what), std::move(fix), true}); }
  std::vector<Finding> take() { return std::move(list_); }

 private:
  std::vector<Finding> list_;
};

}  // namespace penstock::control
