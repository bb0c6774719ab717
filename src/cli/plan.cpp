#include "cli/plan.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "cli/entry.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// `--output` names the file of the one download; an absolute one its directory as well.
void set_output(download_request& request, const std::string& output) {
    const std::size_t slash = output.rfind('/');
    const bool absolute = output.starts_with('/');
    std::string name = absolute ? output.substr(slash + 1) : output;
    if (request.rejection) {
        return;
    }
    if (name.empty()) {
        request = reject(request.urls.front(), errc::name, {}, "the file name is empty");
        return;
    }
    request.file_name = std::move(name);
    if (absolute) {
        request.directory = slash == 0 ? "/" : output.substr(0, slash);
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

void check_directory(const std::string& path) {
    struct stat status {};
    const bool found = ::stat(path.c_str(), &status) == 0;
    if (found ? !S_ISDIR(status.st_mode) : errno == ENOTDIR) {
        throw usage_error("--dir: " + shown_value(path) + " is not a directory");
    }
}

}  // namespace

std::vector<download_request> plan_arguments(const settings& options) {
    if (options.arguments.empty() && options.lists.empty()) {
        throw usage_error("no URL and no list is given; 'asyncdl --help' shows how");
    }
    std::vector<download_request> requests;
    for (const std::string& argument : options.arguments) {
        requests.push_back(parse_entry(argument));
    }
    if (options.output) {
        if (options.output->find("{}") != std::string::npos) {
            throw usage_error("--output: templates ({}) are not supported yet");
        }
        if (requests.size() != 1 || !options.lists.empty()) {
            throw usage_error("--output needs exactly one URL and no list");
        }
        set_output(requests.front(), *options.output);
    }
    return requests;
}

std::vector<input_file> open_lists(const settings& options) {
    std::vector<input_file> lists;
    for (const std::string& path : options.lists) {
        boost::system::result<input_file> list = input_file::open(path);
        if (!list) {
            throw usage_error("--input-file: " + shown_value(path) + ": " + list.error().message());
        }
        lists.push_back(*std::move(list));
    }
    return lists;
}

void check_files(const settings& options) {
    check_directory(options.transfer.download_dir);
    if (!options.transfer.tls.ca_file.empty()) {
        check_ca_file(options.transfer.tls.ca_file);
    }
}

bool shows_progress(const settings& options) {
    const bool asked = options.progress == progress_mode::plain ||
                       (options.progress == progress_mode::automatic && ::isatty(STDERR_FILENO));
    return asked && !options.quiet;
}

}  // namespace asyncdl::cli
