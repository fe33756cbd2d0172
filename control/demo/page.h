#pragma once
// The files of the page, compiled in.

#include <string_view>

namespace penstock::control::demo {

std::string_view page_html();
std::string_view page_script();
std::string_view page_style();

}  // namespace penstock::control::demo
