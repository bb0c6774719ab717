#include "core/name_template.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "core/file_name.hpp"
#include "core/percent.hpp"
#include "core/utf8.hpp"

namespace asyncdl::core {

namespace {

// Of the 4096 bytes that a path may have in Linux (PATH_MAX), 256 are left for the directory.
constexpr std::size_t max_path_bytes = 3840;

fault bad_template(std::string what) {
    return {errc::name, std::move(what)};
}

// What keeps a template from naming files below a directory; null: nothing.
const char* wrong_path(std::string_view text) {
    if (text.empty()) {
        return "the template is empty";
    }
    if (text.starts_with('/')) {
        return "the template is absolute";
    }
    for (;;) {
        const auto slash = text.find('/');
        const std::string_view part = text.substr(0, slash);
        if (part == "..") {
            return "the template leads out of the directory";
        }
        if (slash == std::string_view::npos) {
            return part.empty() || part == "." ? "the template names a directory" : nullptr;
        }
        text.remove_prefix(slash + 1);
    }
}

// The folders of a URL, percent-decoded if that is valid UTF-8, each one safe name.
std::vector<std::string> folders_of(const url& from) {
    std::string_view path = from.target();
    path = path.substr(0, path.find('?'));
    path = path.substr(0, path.rfind('/') + 1);
    std::vector<std::string> folders;
    while (!path.empty()) {
        const auto slash = path.find('/');
        const std::string_view segment = path.substr(0, slash);
        path.remove_prefix(slash + 1);
        std::string text = percent_decoded(segment);
        std::string folder = safe_name(utf8::valid(text) ? std::string_view(text) : segment);
        if (!folder.empty()) {
            folders.push_back(std::move(folder));
        }
    }
    return folders;
}

/// A name as it grows, part by part.
class growing_name {
public:
    /// What the caller wrote; slashes end parts.
    void add_text(std::string_view text) {
        for (;;) {
            const auto slash = text.find('/');
            part_ += text.substr(0, slash);
            has_begun_ = has_begun_ || !part_.empty();
            if (slash == std::string_view::npos) {
                return;
            }
            text.remove_prefix(slash + 1);
            end_folder();
        }
    }

    /// What a placeholder stands for. A part that begins with a value that is `tamed` begins with
    /// neither `.` nor `-`; nor does one whose first value is empty, as the text behind it was not
    /// to be the first.
    void add_value(std::string_view value, bool tamed) {
        if (!std::exchange(has_begun_, true)) {
            is_tamed_ = tamed || value.empty();
        }
        part_ += value;
    }

    void end_folder() {
        const std::string folder = safe_part();
        if (folder.empty() || whole_.size() + folder.size() + 1 > max_path_bytes - max_name_bytes) {
            return;
        }
        whole_ += folder;
        whole_ += '/';
    }

    void drop_dot() {
        if (part_.ends_with('.')) {
            part_.pop_back();
        }
    }

    /// The last part is the file's; nothing is to be added afterwards.
    std::string finish() {
        const std::string leaf = safe_part();
        whole_ += leaf.empty() ? "_" : leaf;
        return std::move(whole_);
    }

private:
    std::string safe_part() {
        std::string safe = safe_name(std::exchange(part_, {}));
        has_begun_ = false;
        return std::exchange(is_tamed_, false) ? tamed_name(std::move(safe)) : safe;
    }

    std::string whole_;
    std::string part_;
    bool has_begun_ = false;
    bool is_tamed_ = false;
};

void add_folders(growing_name& to, const named_file& file, std::size_t cut) {
    const std::vector<std::string> folders = folders_of(file.from);
    if (folders.size() <= cut) {
        to.add_value({}, true);
    }
    for (std::size_t i = cut; i < folders.size(); ++i) {
        if (i > cut) {
            to.end_folder();
        }
        to.add_value(folders[i], file.redirected);
    }
}

}  // namespace

const name_template::placeholder name_template::placeholders[] = {
    {"{index}", kind::index}, {"{host}", kind::host}, {"{path}", kind::path},
    {"{name}", kind::name},   {"{stem}", kind::stem}, {"{ext}", kind::ext}};

outcome<name_template> name_template::parse(std::string_view text, unsigned cut_directories) {
    if (const char* const wrong = wrong_path(text)) {
        return bad_template(wrong);
    }
    name_template result;
    result.cut_directories_ = cut_directories;
    std::string literal;
    const auto end_literal = [&] {
        if (!literal.empty()) {
            result.pieces_.push_back({kind::text, std::exchange(literal, {})});
        }
    };
    while (!text.empty()) {
        if (text.starts_with("{{") || text.starts_with("}}")) {
            literal += text.front();
            text.remove_prefix(2);
            continue;
        }
        if (text.front() != '{') {
            literal += text.front();
            text.remove_prefix(1);
            continue;
        }
        const auto known =
            std::find_if(std::begin(placeholders), std::end(placeholders),
                         [&](const placeholder& each) { return text.starts_with(each.word); });
        if (known == std::end(placeholders)) {
            const auto end = text.find('}');
            return bad_template("'" + printable(text.substr(0, end == text.npos ? end : end + 1)) +
                                "' is not a placeholder: expected {index}, {host}, {path}, {name}, "
                                "{stem} or {ext}; {{ stands for a brace");
        }
        end_literal();
        result.pieces_.push_back({known->what, {}});
        text.remove_prefix(known->word.size());
    }
    end_literal();
    return result;
}

std::string name_template::expand(const named_file& file) const {
    const std::string_view name = file.name;
    const std::string_view extension = extension_of(name);
    growing_name result;
    bool follows_text = false;
    for (const piece& each : pieces_) {
        switch (each.what) {
            case kind::text:
                result.add_text(each.text);
                break;
            case kind::index:
                result.add_value(std::to_string(file.index), false);
                break;
            case kind::host:
                result.add_value(safe_name(file.from.origin().host), file.redirected);
                break;
            case kind::path:
                add_folders(result, file, cut_directories_);
                break;
            case kind::name:
                result.add_value(name, false);
                break;
            case kind::stem:
                result.add_value(name.substr(0, name.size() - extension.size()), false);
                break;
            case kind::ext:
                if (extension.size() <= 1 && follows_text) {
                    result.drop_dot();
                }
                result.add_value(extension.substr(extension.empty() ? 0 : 1), true);
                break;
        }
        follows_text = each.what == kind::text;
    }
    return result.finish();
}

}  // namespace asyncdl::core
