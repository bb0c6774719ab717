#pragma once
// The text of `--output` as names: of one file, or a template that names any number. Pure
// functions.

#include <string>
#include <string_view>

namespace asyncdl::cli {

/// Whether it holds a placeholder, or what may be meant as one: a brace that is not doubled.
bool is_template(std::string_view text) noexcept;

/// What `text` means that is no template: `{{` and `}}` are braces.
std::string without_doubled_braces(std::string_view text);

class output_template {
public:
    std::string directory;  ///< of an absolute template; empty: that of `--dir`
    std::string names;      ///< as `downloader_options::name_template` wants it
};

/// The folders of an absolute template before its first placeholder are the directory.
output_template split_template(std::string_view text);

}  // namespace asyncdl::cli
