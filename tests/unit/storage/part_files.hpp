#pragma once
// What the tests of part files share: a directory that is open, bodies of the pattern, and a look
// at what is on disk.

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "storage/part_file.hpp"
#include "support/pattern.hpp"
#include "support/temp_dir.hpp"

namespace asyncdl::test {

using names = std::vector<std::string>;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
/// The hash of the URL that the tests download from.
constexpr std::uint64_t origin = 0x123456789abcdef0;

inline std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
}

inline std::shared_ptr<storage::directory> open(const temp_dir& dir,
                                                storage::files& calls = storage::files::system()) {
    return storage::directory::open(dir.string(), calls).value();
}

/// A file's path as messages tell it.
inline std::string in(const temp_dir& dir, std::string_view name) {
    return (dir / name).string();
}

inline core::validators some_validators() {
    core::validators about;
    about.etag = "\"v1\"";
    about.last_modified = "Fri, 05 Nov 1994 08:49:37 GMT";
    about.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    return about;
}

/// The pattern from `offset` on; made once, for at most 8 MiB.
inline std::string_view body(std::uint64_t offset, std::size_t size) {
    static const std::string all = pattern(0, 8 * mib);
    return std::string_view(all).substr(static_cast<std::size_t>(offset), size);
}

inline core::outcome<void> write(storage::part_file& part, std::uint64_t offset, std::size_t size) {
    return part.write(offset, bytes(body(offset, size)));
}

/// The bytes of a file, read at once: a sanitizer makes every single byte costly.
inline std::string content(const std::filesystem::path& path) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(path, missing);
    std::string bytes(missing ? 0 : static_cast<std::size_t>(size), '\0');
    std::ifstream(path, std::ios::binary)
        .read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

/// The journal of `a`; nothing where there is none or none that can be read.
inline std::optional<storage::journal_contents> journal(const temp_dir& dir) {
    const auto text = content(dir / "a.part.state");
    return storage::decode(bytes(text));
}

/// Leaves `size` bytes of the pattern as `a.part`, as an earlier run does, written in steps of
/// 256 KiB.
inline void leave(const temp_dir& dir, std::size_t size) {
    auto part = storage::part_file::create(open(dir), "a", 8 * mib).value();
    part.describe(origin, some_validators());
    for (std::size_t at = 0; at < size; at += 256 * kib)
        write(part, at, std::min(256 * kib, size - at)).value();
    if (!part.keep())
        throw std::runtime_error("nothing was kept");
}

inline std::vector<core::byte_range> ranges(const std::vector<storage::piece>& pieces) {
    std::vector<core::byte_range> all;
    for (const auto& piece : pieces)
        all.push_back(piece.range);
    return all;
}

/// The claims of what is on disk that hold.
inline std::vector<core::byte_range> proven(const temp_dir& dir) {
    std::vector<core::byte_range> held;
    auto found = storage::part_file::reopen(open(dir), "a").value();
    if (found)
        for (const auto& piece : found->claims.pieces)
            if (found->part.prove(piece))
                held.push_back(piece.range);
    return held;
}

/// Changes `size` bytes of a file where it is.
inline void overwrite(const std::filesystem::path& path, std::size_t offset, std::size_t size,
                      char with) {
    auto text = content(path);
    text.replace(offset, size, size, with);
    write_file(path, text);
}

}  // namespace asyncdl::test

template <>
struct doctest::StringMaker<asyncdl::core::byte_range> {
    static String convert(const asyncdl::core::byte_range& range) {
        return ("[" + std::to_string(range.begin) + ", " + std::to_string(range.end) + ")").c_str();
    }
};
