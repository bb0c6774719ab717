#pragma once
// A stage on which downloads are made again, and what a test says about the end of each. Used by
// the test's thread.

#include <sys/stat.h>

#include <string>
#include <vector>

#include "support/attribute.hpp"
#include "support/expect.hpp"
#include "support/remote_file.hpp"
#include "support/stage.hpp"

namespace asyncdl::test {

/// A size from which on a finished file has a record.
inline constexpr std::uint64_t smallest_recorded = 16 * 1024;

using texts = std::vector<std::string>;

/// How a file of version 1 is asked for again.
inline const std::string by_etag = "If-None-Match: \"v1\"";

/// The file, whose response gives it this name.
inline remote_file named(const std::string& name, remote_file file = remote_file(300'000)) {
    file.fields.emplace_back("Content-Disposition", "attachment; filename=\"" + name + '"');
    return file;
}

template <typename How>
class again : public stage_over<How> {
public:
    again() : mask_(::umask(0022)) {}  // files that a group may write are never kept
    ~again() { ::umask(mask_); }

    /// Whether files can be kept here by their attribute.
    bool can_keep() const { return takes_attributes(this->dir.path()); }

    /// The server has this file at `/file` from now on, and it is downloaded to `file`.
    download_result get(const remote_file& file) {
        this->server.on("/file", file);
        return this->fetch("/file");
    }

    std::filesystem::path local(const std::string& name = "file") const {
        return this->dir / "out" / name;
    }

    /// The conditions of the requests for a path so far, as `If-None-Match: VALUE`; "-" for one
    /// that has none.
    std::vector<std::string> conditions(const std::string& path = "/file") const {
        std::vector<std::string> all;
        for (const request& one : this->server.requests()) {
            if (one.path() == path) {
                all.push_back(condition_in(one));
            }
        }
        return all;
    }

private:
    static std::string condition_in(const request& asked) {
        std::string all;
        for (const char* name : {"If-None-Match", "If-Modified-Since"}) {
            if (const auto value = asked.value(name)) {
                all += (all.empty() ? "" : ", ") + std::string(name) + ": " + *value;
            }
        }
        return all.empty() ? "-" : all;
    }

    ::mode_t mask_;
};

/// Kept by the server's word, with these bytes and nothing else in the directory.
void check_kept(const stage& on, const download_result& result, const remote_file& file,
                const std::string& name = "file");

/// The whole file came, with nothing else in the directory.
void check_fetched(const stage& on, const download_result& result, const remote_file& file,
                   const std::string& name = "file");

}  // namespace asyncdl::test
