#include <array>
#include <utility>

#include "cli/flags.hpp"
#include "cli/options.hpp"

namespace asyncdl::cli {

namespace {

constexpr std::size_t help_column = 36;
constexpr std::size_t width = 96;

constexpr std::array<std::pair<flag_group, std::string_view>, 6> groups{
    {{flag_group::input, "Input and output"},
     {flag_group::limits, "Concurrency and limits"},
     {flag_group::time, "Time (seconds, with fractions) and retries"},
     {flag_group::http, "HTTP"},
     {flag_group::tls, "TLS"},
     {flag_group::reports, "Reports"}}};

constexpr std::string_view opening =
    "Usage: asyncdl [OPTION]... [URL | NAME=URL]...\n"
    "       asyncdl [OPTION]... -i FILE\n"
    "\n"
    "Downloads many files at once over HTTP and HTTPS.\n";

constexpr std::string_view closing =
    "\n"
    "A list has one download a line: a URL or NAME=URL, TAB-separated mirrors with options on the\n"
    "indented lines below (out=, dir=, checksum=, header=), or a JSON object (url, file_name,\n"
    "mirrors, checksum, headers). A JSON array of such objects may span lines. Blank lines and\n"
    "lines that begin with # are passed over.\n"
    "On a pipe an entry waits a second for its options: one that comes later has no effect, and\n"
    "the run ends with exit status 1.\n"
    "\n"
    "The same command again fetches only what is missing: it resumes partial downloads, and keeps\n"
    "files that it downloaded before and that the server says are unchanged.\n"
    "\n"
    "Exit status: 0 every download succeeded; 1 one failed, or a list or report could not be read\n"
    "or written to its end; 2 the command line, or a file it names, cannot be used; 130, 143 and\n"
    "129 after SIGINT, SIGTERM and SIGHUP. A signal that is ignored at the start stays ignored.\n";

// Breaks the text into lines that begin at the help column.
void add_wrapped(std::string& out, std::string_view text) {
    constexpr std::size_t room = width - help_column;
    while (text.size() > room) {
        const std::size_t cut = text.rfind(' ', room);
        out.append(text.substr(0, cut)).append("\n").append(help_column, ' ');
        text.remove_prefix(cut + 1);
    }
    out.append(text).append("\n");
}

void add_flag(std::string& out, const flag& f) {
    std::string left = f.letter != 0 ? std::string("  -") + f.letter + ", " : "      ";
    left += f.name;
    if (!f.argument.empty()) {
        left.append(" ").append(f.argument);
    }
    out += left;
    if (left.size() + 2 > help_column) {
        out.append("\n").append(help_column, ' ');
    } else {
        out.append(help_column - left.size(), ' ');
    }
    std::string text(f.help);
    if (!f.fallback.empty()) {
        text.append(" (default: ").append(f.fallback).append(")");
    }
    add_wrapped(out, text);
}

}  // namespace

std::string help_text() {
    std::string out(opening);
    for (const auto& [group, title] : groups) {
        out.append("\n").append(title).append(":\n");
        for (const flag& f : flags()) {
            if (f.group == group && f.apply != nullptr) {
                add_flag(out, f);
            }
        }
    }
    return out.append(closing);
}

}  // namespace asyncdl::cli
