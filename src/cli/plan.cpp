#include "cli/plan.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "cli/checksum_list.hpp"
#include "cli/entry.hpp"
#include "cli/header_line.hpp"
#include "cli/output_template.hpp"
#include "cli/text.hpp"
#include "cli/whole_file.hpp"

namespace asyncdl::cli {

namespace {

// MiB. A checksum file is kept in memory: this is half a million lines or more.
constexpr std::size_t longest_checksum_file = 64;
constexpr std::size_t longest_header_file = 1;  // far beyond what any server takes

// `--output` names the file of the one download; an absolute one its directory as well.
void set_file(download_request& request, const std::string& output) {
    const std::size_t slash = output.rfind('/');
    const bool absolute = output.starts_with('/');
    std::string name = absolute ? output.substr(slash + 1) : output;
    if (name.empty()) {
        request = reject(request.urls.front(), errc::name, {}, "the file name is empty");
        return;
    }
    request.file_name = std::move(name);
    if (absolute) {
        request.directory = slash == 0 ? "/" : output.substr(0, slash);
    }
}

void set_output(planned_arguments& plan, settings& options) {
    output_target target = resolve_output(*options.output, options.transfer.download_dir);
    if (target.stream) {
        if (options.on_exists_given) {
            throw usage_error("--on-exists has no meaning with --output " +
                              shown_value(*options.output) + ": the body is written into " +
                              target.stream->name);
        }
        options.body = {target.stream->name, target.stream->on_stdout, target.stream->on_terminal};
        plan.stream = std::move(target.stream);
        return;
    }
    download_request& request = plan.requests.front();
    if (request.rejection) {
        return;
    }
    if (target.refusal.empty()) {
        set_file(request, *options.output);
    } else {
        request = reject(request.urls.front(), errc::file, {}, target.refusal);
    }
}

// A first look alone: the certificates are read by the library, at the first TLS connection.
void check_ca_file(const std::string& path) {
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string line;
    while (file && std::getline(file, line)) {
        if (line.starts_with("-----BEGIN ") && line.find("CERTIFICATE-----") != line.npos) {
            return;
        }
    }
    const int error = errno;
    throw usage_error(
        "--cacert: " + shown_value(path) + ": " +
        (error != 0 ? std::generic_category().message(error) : "holds no certificate in PEM form"));
}

// Whether it is one, or may be made.
bool can_be_directory(std::filesystem::path path) {
    struct stat status {};
    while (!path.empty()) {
        if (::stat(path.c_str(), &status) == 0) {
            return S_ISDIR(status.st_mode);
        }
        if (errno != ENOENT) {
            return errno != ENOTDIR && errno != ELOOP;
        }
        if (::lstat(path.c_str(), &status) == 0) {
            return false;  // a symlink that leads nowhere
        }
        path = path.parent_path();
    }
    return true;
}

// What one reads of it the other misses.
void check_stdin(const settings& options) {
    const auto uses = [](const std::vector<std::string>& paths) {
        return std::count(paths.begin(), paths.end(), "-");
    };
    const bool is_list = uses(options.lists) > 0;
    const bool has_sums = uses(options.checksum_files) > 0;
    if (is_list && has_sums) {
        throw usage_error("standard input is a list or a checksum file, not both");
    }
    if (uses(options.header_files) > (is_list || has_sums ? 0 : 1)) {
        throw usage_error("--header: standard input has another use already");
    }
}

void check_directory(std::string_view option, const std::string& path) {
    if (!can_be_directory(path)) {
        throw usage_error(std::string(option) + ": " + shown_value(path) + " is not a directory");
    }
}

// Without a template `--output` stays what names one file.
void set_template(settings& options) {
    if (options.output && is_template(*options.output)) {
        if (options.force_directories) {
            throw usage_error(
                "--output with a template and --force-directories cannot be combined: "
                "'{host}/{path}/{name}' in the template makes the same tree");
        }
        output_template made = split_template(*options.output);
        if (const std::string wrong = check_name_template(made.names); !wrong.empty()) {
            throw usage_error("--output: " + redact(wrong));
        }
        if (!made.directory.empty()) {
            check_directory("--output", made.directory);
            options.transfer.download_dir = std::move(made.directory);
        }
        options.transfer.name_template = std::move(made.names);
        options.output.reset();
    } else if (options.output) {
        options.output = without_doubled_braces(*options.output);
    }
    if (options.force_directories) {
        options.transfer.name_template =
            options.no_host_directories ? "{path}/{name}" : "{host}/{path}/{name}";
    }
}

}  // namespace

planned_arguments plan_arguments(settings& options) {
    if (options.arguments.empty() && options.lists.empty()) {
        throw usage_error("no URL and no list is given; 'asyncdl --help' shows how");
    }
    planned_arguments plan;
    std::vector<download_request>& requests = plan.requests;
    for (const std::string& argument : options.arguments) {
        requests.push_back(parse_entry(argument));
    }
    const bool one_download = requests.size() == 1 && options.lists.empty();
    set_template(options);
    if (options.output) {
        if (!one_download) {
            throw usage_error(
                "--output needs exactly one URL and no list, unless it is a template ({name})");
        }
        set_output(plan, options);
    }
    if (options.checksum) {
        if (!one_download) {
            throw usage_error("--checksum needs exactly one URL and no list");
        }
        requests.front().checksum = *options.checksum;
    }
    return plan;
}

std::vector<input_file> open_lists(const settings& options) {
    check_stdin(options);
    std::vector<input_file> lists;
    for (const std::string& path : options.lists) {
        input_file list = open_file(path, "--input-file");
        if (const auto form = unreadable_form(list.beginning()); !form.empty()) {
            throw usage_error("--input-file: " + shown_value(path) + " is " + std::string(form));
        }
        lists.push_back(std::move(list));
    }
    return lists;
}

void read_headers(settings& options, file_claims& files) {
    for (const std::string& path : options.header_files) {
        input_file file = open_file(path, "--header");
        files.use(file.native());
        const std::string text = read_whole(file, "--header", longest_header_file);
        for_each_line(text, [&](std::string_view line, std::size_t number) {
            if (trimmed(line).empty()) {
                return;
            }
            parsed<header> field = parse_header(line);
            if (!field) {
                throw usage_error("--header: " + shown_value(file.name()) + ":" +
                                  std::to_string(number) + ": " + field.error());
            }
            options.transfer.headers.push_back(*std::move(field));
        });
    }
}

read_sums read_checksums(const settings& options, file_claims& files) {
    checksum_list checksums;
    read_sums result;
    for (const std::string& path : options.checksum_files) {
        input_file file = open_file(path, "--checksum-file");
        files.use(file.native());
        const checksum_list::reading lines =
            checksums.add(read_whole(file, "--checksum-file", longest_checksum_file));
        const std::string name = shown_value(file.name());
        if (lines.used == 0) {
            throw usage_error("--checksum-file: " + name + ": holds no checksum" +
                              (lines.first.empty() ? "" : "; " + lines.first));
        }
        if (lines.passed_over > 0) {
            result.warnings.push_back(
                name + ": lines without a usable checksum: " + std::to_string(lines.passed_over) +
                "; the first is " + lines.first);
        }
    }
    result.by_name = checksums.by_name();
    return result;
}

void check_files(const settings& options, file_claims& files) {
    check_directory("--dir", options.transfer.download_dir);
    if (!options.transfer.tls.ca_file.empty()) {
        check_ca_file(options.transfer.tls.ca_file);
        files.use(options.transfer.tls.ca_file);
    }
}

bool shows_progress(const settings& options) {
    const bool asked = options.progress == progress_mode::plain ||
                       (options.progress == progress_mode::automatic && ::isatty(STDERR_FILENO));
    const bool mixed =
        options.body && options.body->on_terminal && options.progress == progress_mode::automatic;
    return asked && !mixed && !options.quiet;
}

}  // namespace asyncdl::cli
