#pragma once
// A real nginx on loopback that serves a directory, plain and over TLS, with a prefix of its own.
// Owned by the test; stopped at destruction.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace asyncdl::test {

class nginx {
public:
    /// Starts it and waits until it takes connections. The certificate is of the shared authority.
    /// @throws std::runtime_error where there is none or it does not start
    explicit nginx(const std::filesystem::path& directory);
    ~nginx();

    /// The URL of a file of the directory.
    std::string url(bool tls, std::string_view path) const;

private:
    temp_dir prefix_;
    std::uint16_t plain_port_ = 0;
    std::uint16_t tls_port_ = 0;
    std::unique_ptr<process> running_;
};

}  // namespace asyncdl::test
