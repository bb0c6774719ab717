#pragma once
// Checksums of files as md5sum, sha256sum and their like write them, in GNU's form (`HEX  name`)
// and BSD's (`SHA256 (name) = HEX`). Pure; owned by who reads the files.

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace asyncdl::cli {

class checksum_list {
public:
    /// Takes the text of a file. Blank lines and `#` comments are passed over, a `./` before a name
    /// is dropped; names that begin with a backslash before the checksum are escaped as GNU does.
    /// A name may come twice with the same value, or with one of another algorithm.
    /// @param file how the message calls it
    /// @return what is wrong, one line for a person; empty where nothing is
    std::string add(std::string_view text, std::string_view file);

    /// `ALGO=HEX` by name, as `downloader_options::checksums` wants it; of several algorithms the
    /// strongest.
    std::map<std::string, std::string> by_name() const;

private:
    std::string keep(const std::string& name, const std::string& hex);

    std::map<std::pair<std::string, std::size_t>, std::string> digests_;  // by name and length
};

}  // namespace asyncdl::cli
