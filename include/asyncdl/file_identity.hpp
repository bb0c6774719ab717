#pragma once
// A file as the system knows it, whatever its names are. A value.

#include <compare>
#include <cstdint>

namespace asyncdl {

/// The device and the inode number of a file (`st_dev` and `st_ino` of stat(2)), which all of its
/// names share.
class file_identity {
public:
    file_identity() noexcept {}
    file_identity(std::uint64_t on_device, std::uint64_t number) noexcept
        : device(on_device), inode(number) {}

    auto operator<=>(const file_identity&) const = default;

    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};

}  // namespace asyncdl
