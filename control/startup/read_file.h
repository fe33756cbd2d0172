#pragma once
// Files of /proc and /sys, which are short and may not be there.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace penstock::control {

/// All of it, without the newline at its end; empty when it cannot be read.
inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

/// The last part of what a symbolic link points at; empty when there is none.
inline std::string link_name(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::read_symlink(path, error).filename().string();
}

}  // namespace penstock::control
