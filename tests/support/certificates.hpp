#pragma once
// Certificates made on the fly: an authority, the good ones that it issues, and bad ones. Values;
// safe to use from several threads.

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

namespace asyncdl::test {

/// A certificate with its private key, both as PEM.
class identity {
public:
    std::string certificate;
    std::string key;
};

/// Has a server or a client show this certificate.
void show(SSL_CTX* context, const identity& who);

/// What a certificate says.
struct certificate_options {
    std::string subject = "Test server";  ///< the common name
    std::vector<std::string> dns_names{"localhost"};
    std::vector<std::string> addresses{"127.0.0.1"};
    bool expired = false;
    bool not_yet_valid = false;
    bool self_signed = false;  ///< by its own key, under its own name
};

/// A certificate authority of its own.
class authority {
public:
    explicit authority(const std::string& name = "Test authority");
    ~authority();

    /// A certificate for a server, for one day from an hour ago; an expired one ended yesterday,
    /// one that is not yet valid begins tomorrow. Names may hold any bytes.
    identity issue(const certificate_options& options = {}) const;

    /// Its own certificate, as PEM.
    const std::string& pem() const noexcept { return pem_; }

private:
    class keys;
    std::unique_ptr<keys> keys_;
    std::string pem_;
};

/// The authority that the tests of a program share: keys are made once.
const authority& shared_authority();

}  // namespace asyncdl::test
