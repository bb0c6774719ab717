#pragma once
// Which modes let a complete file replace the one that has its name. Pure.

#include <asyncdl/downloader_options.hpp>

namespace asyncdl::engine {

constexpr bool replaces(on_exists mode) noexcept {
    return mode == on_exists::overwrite || mode == on_exists::update ||
           mode == on_exists::timestamp;
}

}  // namespace asyncdl::engine
