// The same download again where redirects and response heads tell the name: the file of that name
// is kept if it is the one that would come, and another URL's file never is.

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/again.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::test;

constexpr std::uint64_t whole = 300'000;

/// Redirects to this URL with a key that is another one each time.
handler signed_redirect(std::string target) {
    return [target = std::move(target), key = std::make_shared<std::atomic<int>>(0)](
               connection& peer, const request&) {
        peer.send(redirect_to(target + "?key=" + std::to_string(++*key)));
    };
}

/// Kept although the response was a 200, whose body was not waited for.
void check_body_left(const stage& on, const download_result& result, const remote_file& file,
                     const std::string& name) {
    CAPTURE(result.message);
    CHECK(result.success);
    CHECK(result.skipped);
    CHECK(result.status == 200);
    CHECK(result.file_name == name);
    CHECK(result.file_size == file.size);
    CHECK(result.bytes_received < file.size);
    CHECK(on.names() == texts{name});
    const bool same_bytes = on.content(name) == file.bytes();
    CHECK(same_bytes);
}

TEST_SUITE_BEGIN("integration/same_again_name");

TEST_CASE_TEMPLATE("a file that the response's head names is kept and its body left", How, plain,
                   tls) {
    remote_file by_date = named("theirs.bin");
    by_date.etag.clear();
    for (const remote_file& file : {named("theirs.bin"), by_date}) {
        CAPTURE(file.etag);
        again<How> on;
        if (!on.can_keep()) {
            return;
        }
        on.server.on("/get", file);
        check_fetched(on, on.fetch(on.ask("/get", "")), file, "theirs.bin");
        const auto inode = inode_of(on.local("theirs.bin"));
        on.server.on("/get", file.cut(1000, ending::stall));
        check_body_left(on, on.fetch(on.ask("/get", "")), file, "theirs.bin");
        CHECK(inode_of(on.local("theirs.bin")) == inode);
        CHECK(on.conditions("/get") == texts{"-", "-"});
    }
}

TEST_CASE_TEMPLATE("a file that the response's head names is fetched anew if it is another one",
                   How, plain, tls) {
    remote_file longer(whole + 1, 2);
    longer.etag = "\"v1\"";
    remote_file without(whole, 2);
    without.etag.clear();
    without.last_modified.clear();
    for (const remote_file& other : {remote_file(whole, 2), longer, without}) {
        CAPTURE(other.etag);
        again<How> on;
        on.server.on("/get", named("theirs.bin"));
        check_fetched(on, on.fetch(on.ask("/get", "")), named("theirs.bin"), "theirs.bin");
        on.server.on("/get", named("theirs.bin", other));
        check_fetched(on, on.fetch(on.ask("/get", "")), other, "theirs.bin");
    }
}

TEST_CASE_TEMPLATE("a file that the response's head names is fetched anew if it was changed here",
                   How, plain, tls) {
    again<How> on;
    const remote_file file = named("theirs.bin");
    on.server.on("/get", file);
    check_fetched(on, on.fetch(on.ask("/get", "")), file, "theirs.bin");
    write_file(on.local("theirs.bin"), std::string(whole, 'x'));
    check_fetched(on, on.fetch(on.ask("/get", "")), file, "theirs.bin");
}

TEST_CASE_TEMPLATE("two URLs that give one name and one ETag are two files", How, plain, tls) {
    again<How> on;
    remote_file other(whole, 2);
    other.etag = "\"v1\"";
    on.server.on("/one", named("theirs.bin"));
    on.server.on("/two", named("theirs.bin", other));
    check_fetched(on, on.fetch(on.ask("/one", "")), named("theirs.bin"), "theirs.bin");
    check_fetched(on, on.fetch(on.ask("/two", "")), other, "theirs.bin");
}

TEST_CASE_TEMPLATE("a file that a redirect names is asked for where it leads", How, plain, tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    const remote_file file(whole);
    on.server.on("/get", redirect_to("/files/data.bin"));
    on.server.on("/files/data.bin", file);
    check_fetched(on, on.fetch(on.ask("/get", "")), file, "data.bin");
    check_kept(on, on.fetch(on.ask("/get", "")), file, "data.bin");
    CHECK(on.conditions("/files/data.bin") == texts{"-", by_etag});

    const remote_file now(whole, 2);
    on.server.on("/files/data.bin", now);
    check_fetched(on, on.fetch(on.ask("/get", "")), now, "data.bin");
}

TEST_CASE_TEMPLATE("a file with a name of its own is asked for behind a redirect", How, plain,
                   tls) {
    again<How> on;
    if (!on.can_keep()) {
        return;
    }
    const remote_file file(whole);
    on.server.on("/file", redirect_to("/elsewhere"));
    on.server.on("/elsewhere", file);
    check_fetched(on, on.fetch("/file"), file);
    check_kept(on, on.fetch("/file"), file);
    CHECK(on.conditions("/elsewhere") == texts{"-", by_etag});
}

TEST_CASE_TEMPLATE("a redirect to a URL that is signed anew each time keeps the file", How, plain,
                   tls) {
    for (const char* name : {"file", ""}) {
        again<How> on;
        if (!on.can_keep()) {
            return;
        }
        const remote_file file(whole);
        on.server.on("/get", signed_redirect("/file"));
        on.server.on("/file", file);
        check_fetched(on, on.fetch(on.ask("/get", name)), file);
        check_kept(on, on.fetch(on.ask("/get", name)), file);
        CHECK(on.conditions() == texts{"-", by_etag});
        CHECK(on.server.requests().back().target == "/file?key=2");
    }
}

TEST_CASE_TEMPLATE("a redirect that leads elsewhere is not believed, though the ETag is the same",
                   How, plain, tls) {
    remote_file other(whole, 2);
    other.etag = "\"v1\"";
    for (const char* name : {"file", ""}) {
        CAPTURE(name);
        again<How> on;
        const remote_file file(whole);
        on.server.on("/get", redirect_to("/a/file"));
        on.server.on("/a/file", file);
        on.server.on("/b/file", other);
        check_fetched(on, on.fetch(on.ask("/get", name)), file);
        on.server.on("/get", redirect_to("/b/file"));
        check_fetched(on, on.fetch(on.ask("/get", name)), other);
        CHECK(on.conditions("/b/file").back() == "-");
    }
}

TEST_CASE_TEMPLATE("a redirect that was none before is not believed, and the other way round", How,
                   plain, tls) {
    remote_file other(whole, 2);
    other.etag = "\"v1\"";
    again<How> on;
    const remote_file file(whole);
    check_fetched(on, on.get(file), file);
    on.server.on("/file", redirect_to("/other"));
    on.server.on("/other", other);
    check_fetched(on, on.fetch("/file"), other);
    check_fetched(on, on.get(file), file);
}

TEST_SUITE_END();

}  // namespace
