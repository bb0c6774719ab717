#pragma once
// Checksums of files as md5sum, sha256sum and their like write them, in GNU's form (`HEX  name`)
// and BSD's (`SHA256 (name) = HEX`). Pure; owned by who reads the files.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace asyncdl::cli {

class checksum_list {
public:
    /// What became of the lines of a file, blank ones and comments left out.
    struct reading {
        std::size_t used = 0;
        std::size_t passed_over = 0;  ///< no digest of a known kind, or no name that can be
        std::string first;            ///< of these: its number and the reason, for a person
    };

    /// Takes the text of a file. Blank lines and `#` comments are passed over, a `./` before a name
    /// is dropped; names that begin with a backslash before the checksum are escaped as GNU does.
    /// A name may come several times: any of its values may be right.
    reading add(std::string_view text);

    /// `ALGO=HEX` by name, as `downloader_options::checksums` wants it: every value by the
    /// strongest algorithm that the name has, in the order in which they came.
    std::map<std::string, std::string> by_name() const;

private:
    void keep(const std::string& name, const std::string& hex);

    // By name and length.
    std::map<std::pair<std::string, std::size_t>, std::vector<std::string>> digests_;
};

}  // namespace asyncdl::cli
