#pragma once
// Which entry of a list of checksums is of a file. A list names files as its author had them: at
// the server, or already below the directory. Pure; a view of the list.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace asyncdl::core {

/// Example: the list has `a/x.iso` and `b/x.iso`. `http://h/v1/b/x.iso` is the second, as
/// `b/x.iso` is its longest tail; `http://h/x.iso` fits both equally, so that neither is taken.
class checksum_index {
public:
    using list = std::map<std::string, std::string>;

    /// @param entries checksums by name; outlives this, and does not change
    explicit checksum_index(const list& entries);

    bool empty() const noexcept { return entries_.empty(); }

    /// The entry named by the whole `path` below the directory, else the one with the longest
    /// common tail of `url_path` (whole segments, percent-decoded), else the one with the last part
    /// of `path`. Null if there is none, or if several fit equally.
    const std::string* find(const std::string& path, std::string_view url_path) const;

private:
    using entry = list::value_type;

    /// Null inside if more than one ends with these segments; nothing if none does.
    std::optional<const std::string*> with_tail(std::string_view tail) const;

    const list& entries_;
    std::vector<const entry*> by_end_;  ///< sorted by the names read backwards
    std::size_t max_name_ = 0;
};

}  // namespace asyncdl::core
