#pragma once
// The paths that every scripted origin of the demo and of most tests has.

#include "support/origin.hpp"

namespace asyncdl::test {

/// `/bytes/N`: N bytes of the pattern. `/status/CODE`: that status with a short body.
/// `/slow/MS/N`: N bytes in ten pieces, MS milliseconds before each. `/redirect/K`: K redirects,
/// then
/// `/bytes/1000`.
void add_routes(origin& to);

/// `/image1.jpg`, `/image2.jpg`, `/image3.jpg`, `/document1.pdf`, `/document2.pdf`: the first bytes
/// are those of their kinds, the rest is the pattern.
void add_demo_files(origin& to);

}  // namespace asyncdl::test
