#include "cli/field_table.hpp"

#include <algorithm>
#include <array>
#include <asyncdl/error.hpp>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "cli/error_line.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

using field_value =
    std::variant<std::nullptr_t, bool, std::uint64_t, double, std::string_view, std::string>;

template <typename Record>
struct field {
    std::string_view name;
    field_value (*value)(const Record&);
};

field_value text_or_null(std::string_view text) {
    return text.empty() ? field_value(nullptr) : field_value(text);
}

field_value error_text(const download_result& r) {
    return r.success ? field_value(nullptr) : field_value(error_line(r));
}

using result = download_result;
using summary = batch_summary;

constexpr field<result> result_fields[] = {
    {"index", [](const result& r) { return field_value(r.index); }},
    {"url", [](const result& r) { return field_value(std::string_view(r.url)); }},
    {"final_url", [](const result& r) { return field_value(std::string_view(r.final_url)); }},
    {"file_name", [](const result& r) { return text_or_null(r.file_name); }},
    {"file_path", [](const result& r) { return text_or_null(r.file_path); }},
    {"success", [](const result& r) { return field_value(r.success); }},
    {"skipped", [](const result& r) { return field_value(r.skipped); }},
    {"file_size", [](const result& r) { return field_value(r.file_size); }},
    {"bytes_received", [](const result& r) { return field_value(r.bytes_received); }},
    {"download_time", [](const result& r) { return field_value(r.download_time.count()); }},
    {"speed", [](const result& r) { return field_value(r.speed()); }},
    {"error", error_text},
    {"error_kind", [](const result& r) { return text_or_null(error_kind(r.error)); }},
    {"status",
     [](const result& r) {
         return r.status == 0 ? field_value(nullptr) : field_value(std::uint64_t{r.status});
     }},
    {"http_version", [](const result& r) { return text_or_null(r.http_version); }},
    {"attempts", [](const result& r) { return field_value(std::uint64_t{r.attempts}); }},
    {"resumed_from", [](const result& r) { return field_value(r.resumed_from); }},
    {"checksum", [](const result& r) { return text_or_null(r.checksum); }},
};

constexpr field<summary> summary_fields[] = {
    {"total", [](const summary& s) { return field_value(s.total); }},
    {"succeeded", [](const summary& s) { return field_value(s.succeeded); }},
    {"failed", [](const summary& s) { return field_value(s.failed); }},
    {"skipped", [](const summary& s) { return field_value(s.skipped); }},
    {"cancelled", [](const summary& s) { return field_value(s.cancelled); }},
    {"bytes", [](const summary& s) { return field_value(s.bytes); }},
    {"elapsed", [](const summary& s) { return field_value(s.elapsed.count()); }},
    {"speed", [](const summary& s) { return field_value(s.speed()); }},
};

// Always with a point, so that every reader takes it for a fraction.
void add_number(std::string& out, double value) {
    std::array<char, 340> text;  // the longest double has 309 digits before the point
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), std::isfinite(value) ? value : 0.0,
                      std::chars_format::fixed, 6);
    out.append(text.data(), end);
}

// Controls of one byte and of two (C2 80 to C2 9F) end in their code, those of the direction have
// three bytes.
unsigned control_code(std::string_view character) {
    const auto bits = [&](std::size_t at) {
        return static_cast<unsigned char>(character[at]) & 0x3FU;
    };
    return character.size() == 3 ? 0x2000U | bits(1) << 6 | bits(2)
                                 : static_cast<unsigned char>(character.back());
}

void add_json_text(std::string& out, std::string_view text) {
    static constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        if (length == 0) {
            out += replacement;
        } else if (is_control(character)) {
            const unsigned code = control_code(character);
            out += "\\u";
            for (const unsigned shift : {12U, 8U, 4U, 0U}) {
                out += digits[code >> shift & 15];
            }
        } else if (character == "\"" || character == "\\") {
            out.append("\\").append(character);
        } else {
            out += character;
        }
        text.remove_prefix(character.size());
    }
    out += '"';
}

template <typename Record, std::size_t N>
std::string json_object(const field<Record> (&fields)[N], const Record& record) {
    struct writer {
        std::string& out;
        void operator()(std::nullptr_t) const { out += "null"; }
        void operator()(bool value) const { out += value ? "true" : "false"; }
        void operator()(std::uint64_t value) const { out += std::to_string(value); }
        void operator()(double value) const { add_number(out, value); }
        void operator()(std::string_view value) const { add_json_text(out, value); }
    };
    std::string out;
    out.reserve(512);
    for (const auto& f : fields) {
        out.append(out.empty() ? "{\"" : ", \"").append(f.name).append("\": ");
        std::visit(writer{out}, f.value(record));
    }
    return out += '}';
}

// A spreadsheet takes such a cell for a formula, also behind the white space that it drops.
bool is_formula(std::string_view text) {
    return text.find_first_of("=+-@\t\r\n") == 0;
}

// Line breaks and tabs are data of a table; other control characters would reach a terminal.
void add_csv_text(std::string& out, std::string_view text) {
    const std::string_view mark = is_formula(text) ? "'" : "";
    if (text.find_first_of(",\"\r\n") == text.npos) {
        out.append(mark).append(clean(text));
        return;
    }
    out.append("\"").append(mark);
    while (!text.empty()) {
        const std::size_t cut = std::min(text.find_first_of("\"\r\n\t"), text.size());
        out += clean(text.substr(0, cut));
        if (cut < text.size()) {
            out.append(text[cut] == '"' ? 2 : 1, text[cut]);
        }
        text.remove_prefix(std::min(cut + 1, text.size()));
    }
    out += '"';
}

}  // namespace

std::string json_result(const download_result& result) {
    return json_object(result_fields, result);
}

std::string json_summary(const batch_summary& summary) {
    return json_object(summary_fields, summary);
}

std::string csv_header() {
    std::string out;
    for (const auto& f : result_fields) {
        out.append(out.empty() ? "" : ",").append(f.name);
    }
    return out += "\r\n";
}

std::string csv_row(const download_result& result) {
    struct writer {
        std::string& out;
        void operator()(std::nullptr_t) const {}
        void operator()(bool value) const { out += value ? "true" : "false"; }
        void operator()(std::uint64_t value) const { out += std::to_string(value); }
        void operator()(double value) const { add_number(out, value); }
        void operator()(std::string_view value) const { add_csv_text(out, value); }
    };
    std::string out;
    bool first = true;
    for (const auto& f : result_fields) {
        out += first ? "" : ",";
        first = false;
        std::visit(writer{out}, f.value(result));
    }
    return out += "\r\n";
}

}  // namespace asyncdl::cli
