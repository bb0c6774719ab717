#pragma once
// What the fuzz targets share. A target is a function over any bytes that ends the process where a
// parser breaks a promise. Each registers itself before main; a program of the fuzzer holds one of
// them (fuzz_main.cpp), the replay of known inputs all (replay_main.cpp). One thread.

#include <cstdint>
#include <random>
#include <source_location>
#include <string_view>
#include <vector>

#include "core/fields.hpp"

namespace asyncdl::fuzz {

class target {
public:
    using body = void (*)(std::string_view input);

    target(std::string_view target_name, body function);

    std::string_view name;
    body run;
};

/// All targets of this program.
const std::vector<target>& targets();

/// Ends the process with a line that says which promise is broken, and where that was seen.
void require(bool holds, std::string_view promise,
             std::source_location place = std::source_location::current());

/// Takes the first byte off; 0 where there is none.
std::uint8_t take_byte(std::string_view& input);

/// Takes everything up to a LF off, and that.
std::string_view take_line(std::string_view& input);

/// Takes a decimal number and the blank behind it off; 0 where there is none.
std::uint64_t take_number(std::string_view& input);

/// What is left, as fields: a line each, `NAME: VALUE`.
core::fields take_fields(std::string_view& input);

/// Valid UTF-8 without a control character: what a terminal may get.
bool is_harmless(std::string_view text);

/// How a network may cut a stream into pieces; the same cuts for the same seed.
class cuts {
public:
    explicit cuts(std::uint8_t seed);

    /// The size of the next piece: at least 1, at most what is left.
    std::size_t next(std::size_t left);

private:
    std::minstd_rand dice_;
    std::size_t largest_;
};

}  // namespace asyncdl::fuzz
