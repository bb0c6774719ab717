#include "cli/ending.hpp"

#include <doctest/doctest.h>

#include <asyncdl/error.hpp>
#include <csignal>

using namespace asyncdl;
using asyncdl::cli::ending;
using asyncdl::cli::judge_end;
using lines = std::vector<std::string>;

TEST_SUITE("cli/ending") {
    TEST_CASE("the status is that of the downloads where nothing else went wrong") {
        batch_summary summary;
        CHECK(judge_end(summary, 0, "", {}).status == 0);
        CHECK(judge_end(summary, 0, "", {}).lines.empty());
        summary.total = 2;
        summary.succeeded = 1;
        summary.failed = 1;
        CHECK(judge_end(summary, 0, "", {}).status == 1);
        CHECK(judge_end(summary, 0, "", {}).lines.empty());
    }

    TEST_CASE("results that were not delivered are a failure, whatever the downloads are") {
        batch_summary summary;
        summary.total = 1;
        summary.succeeded = 1;
        summary.consumer_error = errc::internal;
        const ending end = judge_end(summary, 0, "", {});
        CHECK(end.status == 1);
        CHECK(end.lines == lines{"results are missing in the reports, and downloads were left "
                                 "out: " +
                                 summary.consumer_error.message()});
        CHECK(judge_end(summary, SIGINT, "", {}).status == 130);
        CHECK(judge_end(summary, SIGINT, "", {}).lines == end.lines);
        summary.consumer_message = "the consumer threw: no room";
        CHECK(judge_end(summary, 0, "", {}).lines ==
              lines{"results are missing in the reports, and downloads were left out: the consumer "
                    "threw: no room"});
    }

    TEST_CASE("a list that broke is told in the program's words, else in the library's") {
        batch_summary summary;
        summary.source_error = errc::internal;
        summary.source_message = "the library's";
        CHECK(judge_end(summary, 0, "", {}).status == 1);
        CHECK(judge_end(summary, 0, "", {}).lines == lines{"the library's"});
        CHECK(judge_end(summary, 0, "list: broken", {}).lines == lines{"list: broken"});
    }

    TEST_CASE("a signal is the status; whatever else went wrong is told still") {
        batch_summary summary;
        summary.source_error = errc::internal;
        const ending end = judge_end(summary, SIGTERM, "list: broken", {"r: full"});
        CHECK(end.status == 143);
        CHECK(end.lines == lines{"r: full", "list: broken"});
    }

    TEST_CASE("a report that could not be written is a failure") {
        const ending end = judge_end(batch_summary(), 0, "", {"r: full", "s: full"});
        CHECK(end.status == 1);
        CHECK(end.lines == lines{"r: full", "s: full"});
    }
}
