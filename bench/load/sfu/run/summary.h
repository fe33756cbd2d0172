#pragma once
// A report for people: a line per step.

#include <nlohmann/json.hpp>
#include <string>

namespace penstock::load::sfu {

std::string summary(const nlohmann::ordered_json& report);

}  // namespace penstock::load::sfu
