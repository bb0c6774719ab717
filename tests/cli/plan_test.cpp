#include "cli/plan.hpp"

#include <doctest/doctest.h>

#include "cli/options.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::cli;

constexpr on_exists every_mode[] = {on_exists::update, on_exists::timestamp, on_exists::overwrite,
                                    on_exists::skip,   on_exists::rename,    on_exists::fail};

}  // namespace

TEST_SUITE("cli/plan") {
    TEST_CASE("a mode for existing files that the command line does not give refuses no stream") {
        for (const on_exists mode : every_mode) {
            for (const char* name : {"-", "/dev/stdout", "/dev/stderr", "/dev/fd/1"}) {
                settings options = parse_command_line({"-o", name, "http://h/"});
                options.transfer.if_exists = mode;  // as a configuration sets it
                const planned_arguments plan = plan_arguments(options);
                CHECK(plan.stream.has_value());
                CHECK(options.body.has_value());
            }
        }
    }

    TEST_CASE(
        "a mode that the command line gives refuses every stream, also for a URL that is none") {
        for (const char* mode : {"update", "timestamp", "overwrite", "skip", "rename", "fail"}) {
            for (const char* url : {"http://h/", "nonsense"}) {
                settings options =
                    parse_command_line({"--on-exists", mode, "-o", "/dev/stderr", url});
                CHECK_THROWS_WITH_AS(plan_arguments(options),
                                     "--on-exists has no meaning with --output /dev/stderr: the "
                                     "body is written into standard error",
                                     usage_error);
            }
        }
    }
}
