#pragma once
// The record in a file's extended attribute, and a file's time, as a test looks at them and changes
// them. Used by the test's thread.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "storage/file_record.hpp"

namespace asyncdl::test {

/// The attribute's name.
inline constexpr const char* record_attribute = "user.asyncdl";

/// Whether files in a directory can have such attributes; if not, the test's output says that the
/// test shows nothing here.
bool takes_attributes(const std::filesystem::path& directory);

/// The attribute's bytes; nothing if there is none.
std::optional<std::string> attribute_of(const std::filesystem::path& file);
void set_attribute(const std::filesystem::path& file, std::string_view bytes);
void remove_attribute(const std::filesystem::path& file);

/// What the attribute says.
std::optional<storage::file_record> record_of(const std::filesystem::path& file);

/// Changes what the attribute says.
void change_record(const std::filesystem::path& file,
                   const std::function<void(storage::file_record&)>& change);

/// Changes a file by `change` and puts its time back.
void change_unseen(const std::filesystem::path& file, const std::function<void()>& change);

/// Moves a file's time on by so much.
void move_time(const std::filesystem::path& file, std::int64_t nanoseconds);

/// Makes a hole of whole pages over a part of a file; its time moves. False if the file system
/// cannot.
bool punch_hole(const std::filesystem::path& file, std::uint64_t offset, std::uint64_t size);

/// Whether the file has a hole before its end.
bool has_hole(const std::filesystem::path& file);

/// Puts a copy in a file's place, with its time, mode and attribute, as `cp -a` makes it.
void replace_by_copy(const std::filesystem::path& from, const std::filesystem::path& to);

/// The number of a file's inode: another one if the file was replaced.
std::uint64_t inode_of(const std::filesystem::path& file);

}  // namespace asyncdl::test
