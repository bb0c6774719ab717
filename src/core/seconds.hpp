#pragma once
// A time as messages tell it. Pure.

#include <chrono>
#include <string>

namespace asyncdl::core {

/// "30 s", "0.25 s".
std::string seconds_text(std::chrono::duration<double> time);

}  // namespace asyncdl::core
