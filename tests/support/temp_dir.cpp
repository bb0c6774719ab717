#include "support/temp_dir.hpp"

#include <algorithm>

namespace asyncdl::test {

std::vector<std::string> temp_dir::names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
        found.push_back(entry.path().lexically_relative(path_).string());
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace asyncdl::test
