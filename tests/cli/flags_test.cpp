#include "cli/flags.hpp"

#include <doctest/doctest.h>

#include <set>

#include "cli/options.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::cli;
using words = std::vector<std::string>;

// The message that refuses a command line; empty where it is taken.
std::string refusal(words arguments) {
    try {
        parse_command_line(std::move(arguments));
        return {};
    } catch (const usage_error& error) {
        return error.what();
    }
}

}  // namespace

TEST_SUITE("cli/flags") {
    TEST_CASE("no two flags share a name or a letter") {
        std::set<std::string_view> names;
        std::set<char> letters;
        for (const flag& f : flags()) {
            CHECK(names.insert(f.name).second);
            CHECK((f.letter == 0 || letters.insert(f.letter).second));
        }
    }

    TEST_CASE("the defaults of the table are those that the settings begin with") {
        const settings untouched;
        settings set;
        for (const flag& f : flags()) {
            if (f.apply != nullptr && !f.fallback.empty() && f.name != "--dir" &&
                f.name != "--user-agent") {
                f.apply(set, f, f.fallback);
            }
        }
        CHECK(set.transfer.if_exists == untouched.transfer.if_exists);
        CHECK(set.transfer.max_concurrent == untouched.transfer.max_concurrent);
        CHECK(set.transfer.max_connections_per_host == untouched.transfer.max_connections_per_host);
        CHECK(set.threads == untouched.threads);
        CHECK(set.transfer.connect_timeout == untouched.transfer.connect_timeout);
        CHECK(set.transfer.timeout == untouched.transfer.timeout);
        CHECK(set.transfer.max_time == untouched.transfer.max_time);
        CHECK(set.transfer.retries == untouched.transfer.retries);
        CHECK(set.transfer.retry_delay == untouched.transfer.retry_delay);
        CHECK(set.transfer.retry_max_delay == untouched.transfer.retry_max_delay);
        CHECK(set.transfer.max_redirects == untouched.transfer.max_redirects);
        CHECK(set.transfer.cut_directories == untouched.transfer.cut_directories);
        CHECK(set.progress == untouched.progress);
        CHECK(untouched.transfer.download_dir == "downloads");
    }

    TEST_CASE("every flag that is not supported yet is refused by name, in every spelling") {
        std::size_t refused = 0;
        for (const flag& f : flags()) {
            if (f.apply == nullptr) {
                ++refused;
                const std::string name(f.name);
                words spelled = f.argument.empty() ? words{name} : words{name, "1"};
                spelled.emplace_back("http://h/");
                CHECK(refusal(spelled) == name + " is not supported yet");
            }
        }
        CHECK(refused >= 15);
        CHECK(refusal({"-s4", "http://h/"}) == "--split is not supported yet");
        CHECK(refusal({"--limit-rate=1M", "http://h/"}) == "--limit-rate is not supported yet");
    }

    TEST_CASE("values that are not supported yet are refused") {
        CHECK(refusal({"--progress", "bar"}) == "--progress: 'bar' is not supported yet");
    }

    TEST_CASE("words that are none of the choices are refused with the choices") {
        CHECK(refusal({"--on-exists", "keep"}) ==
              "--on-exists: 'keep' is none of update, timestamp, overwrite, skip, rename, fail");
        CHECK(refusal({"--progress", ""}) == "--progress: '' is none of auto, plain, none");
        CHECK(refusal({"--log-level", "loud\x1b[1m"}).find('\x1b') == std::string::npos);
    }

    TEST_CASE("every choice is taken") {
        CHECK(parse_command_line({}).transfer.if_exists == on_exists::update);
        CHECK(parse_command_line({"--on-exists=timestamp"}).transfer.if_exists ==
              on_exists::timestamp);
        CHECK(parse_command_line({"--on-exists", "skip"}).transfer.if_exists == on_exists::skip);
        CHECK(parse_command_line({"--on-exists=rename"}).transfer.if_exists == on_exists::rename);
        CHECK(parse_command_line({"--on-exists=fail"}).transfer.if_exists == on_exists::fail);
        CHECK(parse_command_line({"--progress=none"}).progress == progress_mode::none);
        CHECK(parse_command_line({"--progress=plain"}).progress == progress_mode::plain);
        CHECK(parse_command_line({"--log-level=trace"}).log_threshold == log_level::trace);
        CHECK(parse_command_line({"--log-level=off"}).log_threshold == log_level::off);
    }

    TEST_CASE("numbers out of range, negative, not finite or hexadecimal are refused") {
        for (const char* name :
             {"-j", "-x", "--threads", "--disk-threads", "--retries", "--max-redirs"}) {
            for (const char* value : {"-1", "0x10", "1.5", "1e3", "+1", "", " 1", "1 ", "inf",
                                      "nan", "99999999999999999999", "1000001", "abc"}) {
                CAPTURE(name);
                CAPTURE(value);
                CHECK(refusal({name, value}).find("is not a whole number from") !=
                      std::string::npos);
            }
        }
        for (const char* name : {"--connect-timeout", "--timeout", "--max-time", "--retry-delay",
                                 "--retry-max-delay"}) {
            for (const char* value : {"-1", "-0", "0x10", "1e3", "+1", "", ".", "1.2.3", "inf",
                                      "nan", "infinity", "100000001", "0.0001", "10s", "1,5"}) {
                CAPTURE(name);
                CAPTURE(value);
                CHECK(refusal({name, value}).find("is not a number of seconds from") !=
                      std::string::npos);
            }
        }
        CHECK(refusal({"-j", "0"}) ==
              "--max-concurrent: '0' is not a whole number from 1 to 1000000");
        CHECK(refusal({"--threads", "1025"}) ==
              "--threads: '1025' is not a whole number from 1 to 1024");
        CHECK(refusal({"--timeout", "0"}) ==
              "--timeout: '0' is not a number of seconds from 0.001 to 100000000");
    }

    TEST_CASE("numbers at the edges are taken, times with fractions") {
        CHECK(parse_command_line({"-j", "1000000"}).transfer.max_concurrent == 1'000'000);
        CHECK(parse_command_line({"-j", "1"}).transfer.max_concurrent == 1);
        CHECK(parse_command_line({"-x0"}).transfer.max_connections_per_host == 0);
        CHECK(parse_command_line({"--retries", "007"}).transfer.retries == 7);
        CHECK(parse_command_line({"--timeout", "0.001"}).transfer.timeout.count() == 0.001);
        CHECK(parse_command_line({"--timeout", ".5"}).transfer.timeout.count() == 0.5);
        CHECK(parse_command_line({"--timeout", "2."}).transfer.timeout.count() == 2);
        CHECK(parse_command_line({"--max-time", "0"}).transfer.max_time.count() == 0);
        CHECK(parse_command_line({"--retry-delay", "0.0"}).transfer.retry_delay.count() == 0);
        CHECK(parse_command_line({"--retry-max-delay", "100000000"})
                  .transfer.retry_max_delay.count() == 100'000'000);
    }

    TEST_CASE("flags without an argument set what they say") {
        const settings set =
            parse_command_line({"-qk", "--no-remote-time", "--allow-downgrade", "--no-continue",
                                "--resume-unvalidated", "--fsync"});
        CHECK(set.quiet);
        CHECK(set.transfer.tls.insecure);
        CHECK_FALSE(set.transfer.remote_time);
        CHECK(set.transfer.allow_downgrade);
        CHECK_FALSE(set.transfer.resume);
        CHECK(set.transfer.resume_unvalidated);
        CHECK(set.transfer.durable);
        CHECK_FALSE(settings().quiet);
        CHECK(settings().transfer.remote_time);
        CHECK(settings().transfer.resume);
        CHECK_FALSE(settings().transfer.resume_unvalidated);
        CHECK_FALSE(settings().transfer.durable);
    }

    TEST_CASE("what has no effect yet is accepted") {
        CHECK(refusal({"--http1.1"}).empty());
    }

    TEST_CASE("a header that begins with @ names a file") {
        const settings set = parse_command_line({"-H", "@a", "-H", "X: y", "--header=@-"});
        CHECK(set.header_files == words{"a", "-"});
        REQUIRE(set.transfer.headers.size() == 1);
        CHECK(set.transfer.headers[0].name == "X");
        CHECK(refusal({"-H", "@"}) == "--header: the name is empty");
    }

    TEST_CASE("an empty user agent sends none, the last one wins") {
        CHECK(parse_command_line({"-A", "me/1"}).transfer.user_agent == "me/1");
        const settings none = parse_command_line({"-A", "me/1", "-A", ""});
        REQUIRE(none.transfer.headers.size() == 1);
        CHECK(none.transfer.headers[0].name == "User-Agent");
        CHECK(none.transfer.headers[0].remove);
        const settings again = parse_command_line({"-A", "", "--user-agent=me/2"});
        CHECK(again.transfer.headers.empty());
        CHECK(again.transfer.user_agent == "me/2");
        CHECK(refusal({"-A", "a\r\nX: y"}).find("control character") != std::string::npos);
    }

    TEST_CASE("a checksum is ALGO=HEX, with or without a dash, in any case") {
        for (const std::string& text :
             {"sha-256=" + std::string(64, 'a'), "SHA256:" + std::string(64, 'F'),
              "md5=" + std::string(32, '0'), "sha1=" + std::string(40, '1')}) {
            CAPTURE(text);
            CHECK(parse_command_line({"--checksum", text}).checksum == text);
        }
        CHECK(parse_command_line({"--checksum-file", "a", "--checksum-file=b"}).checksum_files ==
              words{"a", "b"});
    }

    TEST_CASE("a malformed checksum is refused") {
        for (const std::string& text :
             {std::string(), std::string("md5"), std::string("md5="), std::string(32, '0'),
              "=" + std::string(32, '0'), "sha-256=" + std::string(63, 'a'),
              "sha-256=" + std::string(65, 'a'), "md5=" + std::string(32, 'g'),
              "crc32=" + std::string(8, '0')}) {
            CAPTURE(text);
            CHECK(refusal({"--checksum", text}).starts_with("--checksum: "));
        }
        const std::string line = refusal({"--checksum", "http://user:s3cr3t@h/\x1b[1m"});
        CHECK(line.find("s3cr3t") == std::string::npos);
        CHECK(line.find('\x1b') == std::string::npos);
    }

    TEST_CASE("empty names of a directory or CA file are refused") {
        CHECK(refusal({"-d", ""}) == "--dir: the name is empty");
        CHECK(refusal({"--cacert="}) == "--cacert: the name is empty");
    }

    TEST_CASE("the help shows every flag that is supported, and no other") {
        const std::string help = help_text();
        for (const flag& f : flags()) {
            CAPTURE(f.name);
            const bool shown =
                help.find(" " + std::string(f.name) +
                          (f.argument.empty() ? " " : " " + std::string(f.argument))) !=
                std::string::npos;
            CHECK(shown == (f.apply != nullptr));
        }
        CHECK(help.find("-j, --max-concurrent N") != std::string::npos);
        CHECK(help.find("(default: ./downloads)") != std::string::npos);
        CHECK(help.find("--proxy") == std::string::npos);
    }

    TEST_CASE(
        "the help says what becomes of existing files, and what the same command does again") {
        const std::string help = help_text();
        const auto line = [&](std::string_view text) { return help.find(text) != help.npos; };
        for (const char* mode :
             {"update (", "timestamp (", "overwrite", "skip", "rename", "fail"}) {
            CAPTURE(mode);
            CHECK(help.find(mode, help.find("--on-exists MODE")) < help.find("--no-continue"));
        }
        CHECK(line("(default: update)"));
        CHECK(line("\nThe same command again fetches only what is missing: "));
    }

    TEST_CASE("no line of the help is longer than 96 characters") {
        std::size_t begin = 0;
        const std::string help = help_text();
        while (begin < help.size()) {
            const std::size_t end = help.find('\n', begin);
            REQUIRE(end != std::string::npos);
            CHECK(end - begin <= 96);
            begin = end + 1;
        }
    }
}
