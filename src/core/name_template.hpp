#pragma once
// File names made by a template: `{host}/{path}/{name}` puts each file where its URL has it. Pure;
// a template is immutable, and shared by the downloads of a run.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.hpp"
#include "core/url.hpp"

namespace asyncdl::core {

/// The file that gets a name. A view.
class named_file {
public:
    std::uint64_t index = 0;  ///< of the download in its batch
    const url& from;          ///< names the file
    std::string_view name;    ///< the safe name that it has without a template
    bool redirected = false;  ///< the server chose the URL
};

/// Placeholders: `{index}` (of the download in its batch, from 0), `{host}` (without the port),
/// `{path}` (the URL's folders), `{name}` (the name that the file has without a template), `{stem}`
/// and `{ext}` (that name up to its last extension, and the extension without its dot). `{{` and
/// `}}` are braces.
///
///     {host}/{path}/{name}    http://h/a/b/x.iso is h/a/b/x.iso, http://h/ is h/index.html
///     {index}-{stem}.{ext}    they are 0-x.iso and 1-index.html
class name_template {
public:
    /// `errc::name` if the template is empty or absolute, leads out of the directory, names a
    /// directory (a slash at its end), or holds anything else in braces.
    /// @param cut_directories how many folders `{path}` leaves out at its front
    static outcome<name_template> parse(std::string_view text, unsigned cut_directories = 0);

    /// The name below the directory. Each part is made safe by itself (`safe_name`); one that the
    /// server chose begins with neither `.` nor `-`. Empty folders are left out, and so are those
    /// that would make the name too long for a path (3,840 bytes). A dot before an empty `{ext}`
    /// is left out as well.
    std::string expand(const named_file& file) const;

private:
    enum class kind { text, index, host, path, name, stem, ext };
    class piece {
    public:
        kind what;
        std::string text;  ///< of a `text`
    };
    class placeholder {
    public:
        std::string_view word;
        kind what;
    };
    static const placeholder placeholders[];

    std::vector<piece> pieces_;
    unsigned cut_directories_ = 0;
};

}  // namespace asyncdl::core
