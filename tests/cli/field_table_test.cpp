#include "cli/field_table.hpp"

#include <doctest/doctest.h>
#include <asyncdl/error.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <limits>

namespace {

using namespace asyncdl;
using namespace asyncdl::cli;

download_result success() {
    download_result r;
    r.index = 3;
    r.url = "http://h/a";
    r.final_url = "http://h/b";
    r.file_name = "b";
    r.file_path = "downloads/b";
    r.success = true;
    r.file_size = 10;
    r.bytes_received = 12;
    r.download_time = std::chrono::duration<double>(2);
    r.status = 200;
    r.http_version = "1.1";
    r.attempts = 2;
    r.resumed_from = 4;
    r.checksum = "sha-256=00";
    return r;
}

boost::json::object parsed_json(const std::string& text) {
    return boost::json::parse(text).as_object();
}

}  // namespace

TEST_SUITE("cli/field_table") {
    TEST_CASE("a success has exactly the fields of the contract, in order") {
        CHECK(json_result(success()) ==
              R"({"index": 3, "url": "http://h/a", "final_url": "http://h/b", "file_name": "b", )"
              R"("file_path": "downloads/b", "success": true, "skipped": false, "file_size": 10, )"
              R"("bytes_received": 12, "download_time": 2.000000, "speed": 6.000000, )"
              R"("error": null, "error_kind": null, "status": 200, "http_version": "1.1", )"
              R"("attempts": 2, "resumed_from": 4, "checksum": "sha-256=00"})");
    }

    TEST_CASE("a failure names its error, and what is unknown is null") {
        download_result r;
        r.url = r.final_url = "x";
        r.error = errc::invalid_url;
        r.message = "not an http or https URL";
        CHECK(
            json_result(r) ==
            R"({"index": 0, "url": "x", "final_url": "x", "file_name": null, "file_path": null, )"
            R"("success": false, "skipped": false, "file_size": 0, "bytes_received": 0, )"
            R"("download_time": 0.000000, "speed": 0.000000, "error": "not an http or https URL", )"
            R"("error_kind": "invalid_url", "status": null, "http_version": null, "attempts": 0, )"
            R"("resumed_from": 0, "checksum": null})");
    }

    TEST_CASE("a file that was kept has its path; without a file the path alone is unknown") {
        download_result r = success();
        r.skipped = true;
        r.status = 304;
        r.bytes_received = 0;
        r.resumed_from = 0;
        r.checksum.clear();
        const std::string kept = json_result(r);
        CHECK(kept ==
              R"({"index": 3, "url": "http://h/a", "final_url": "http://h/b", "file_name": "b", )"
              R"("file_path": "downloads/b", "success": true, "skipped": true, "file_size": 10, )"
              R"("bytes_received": 0, "download_time": 2.000000, "speed": 0.000000, )"
              R"("error": null, "error_kind": null, "status": 304, "http_version": "1.1", )"
              R"("attempts": 2, "resumed_from": 0, "checksum": null})");
        CHECK(csv_row(r) ==
              "3,http://h/a,http://h/b,b,downloads/b,true,true,10,0,2.000000,0.000000,,,304,1.1,2,"
              "0,\r\n");
        auto fields = parsed_json(kept);
        r.file_path.clear();
        fields["file_path"] = nullptr;
        CHECK(parsed_json(json_result(r)) == fields);
        CHECK(csv_row(r) ==
              "3,http://h/a,http://h/b,b,,true,true,10,0,2.000000,0.000000,,,304,1.1,2,0,\r\n");
    }

    TEST_CASE("what a failed download has left is no field of the reports") {
        download_result r;
        r.error = errc::cancelled;
        r.message = "cancelled";
        const std::string json = json_result(r);
        const std::string row = csv_row(r);
        r.kept_bytes = 1000;
        CHECK(json_result(r) == json);
        CHECK(csv_row(r) == row);
    }

    TEST_CASE("a failure without a message still has an error") {
        download_result r;
        r.error = errc::truncated;
        CHECK(parsed_json(json_result(r)).at("error").as_string() == "truncated");
    }

    TEST_CASE("whatever bytes a string holds, the JSON is valid") {
        download_result r = success();
        r.url.clear();
        for (int byte = 0; byte < 256; ++byte) {
            r.url += static_cast<char>(byte);
        }
        const std::string text = json_result(r);
        CHECK(text.find('\n') == std::string::npos);
        CHECK(text.find('\x7f') == std::string::npos);
        const std::string url(parsed_json(text).at("url").as_string().c_str(), 128 + 128 * 3);
        CHECK(parsed_json(text).at("url").as_string().size() == url.size());
        CHECK(url.substr(0, 4) == std::string("\0\1\2\3", 4));
        CHECK(url.substr(0x22, 1) == "\"");
        CHECK(url.substr(0x5c, 1) == "\\");
        CHECK(url.substr(0x80, 3) == "\xEF\xBF\xBD");
    }

    TEST_CASE("characters survive JSON, C1 controls as escapes") {
        download_result r = success();
        r.file_name = "ä€😀\xC2\x9B";
        const std::string text = json_result(r);
        CHECK(text.find("ä€😀\\u009b") != std::string::npos);
        CHECK(parsed_json(text).at("file_name").as_string() == r.file_name);
    }

    TEST_CASE("controls of the direction do not reach a terminal, and survive JSON") {
        download_result r = success();
        r.url = "\u202a\u202e\u2066\u2069";
        const std::string text = json_result(r);
        CHECK(text.find("\"\\u202a\\u202e\\u2066\\u2069\"") != std::string::npos);
        CHECK(parsed_json(text).at("url").as_string() == r.url);
        CHECK(csv_row(r).find(r.url.substr(0, 3)) == std::string::npos);
    }

    TEST_CASE("numbers are finite and keep a point") {
        download_result r = success();
        r.download_time = std::chrono::duration<double>(std::numeric_limits<double>::infinity());
        r.bytes_received = std::numeric_limits<std::uint64_t>::max();
        auto object = parsed_json(json_result(r));
        CHECK(object.at("download_time").as_double() == 0);
        CHECK(object.at("bytes_received").as_uint64() == r.bytes_received);
        r.download_time = std::chrono::duration<double>(1e-9);
        CHECK(parsed_json(json_result(r)).at("speed").is_double());
    }

    TEST_CASE("the summary has exactly the fields of the contract") {
        batch_summary s;
        s.total = 5;
        s.succeeded = 3;
        s.failed = 2;
        s.skipped = 1;
        s.cancelled = 1;
        s.bytes = 100;
        s.elapsed = std::chrono::duration<double>(0.5);
        CHECK(json_summary(s) ==
              R"({"total": 5, "succeeded": 3, "failed": 2, "skipped": 1, "cancelled": 1, )"
              R"("bytes": 100, "elapsed": 0.500000, "speed": 200.000000})");
    }

    TEST_CASE("the table has a header and the same fields") {
        CHECK(csv_header() ==
              "index,url,final_url,file_name,file_path,success,skipped,file_size,bytes_received,"
              "download_time,speed,error,error_kind,status,http_version,attempts,resumed_from,"
              "checksum\r\n");
        CHECK(csv_row(success()) ==
              "3,http://h/a,http://h/b,b,downloads/"
              "b,true,false,10,12,2.000000,6.000000,,,200,1.1,2,4,"
              "sha-256=00\r\n");
    }

    TEST_CASE("a cell that a spreadsheet would take for a formula gets a leading apostrophe") {
        const std::pair<std::string, std::string> cells[] = {
            {"=1+1", "'=1+1"},
            {"+1", "'+1"},
            {"-1", "'-1"},
            {"@SUM(A1)", "'@SUM(A1)"},
            {"=", "'="},
            {"=a,b", "\"'=a,b\""},
            {"=HYPERLINK(\"http://h/\")", "\"'=HYPERLINK(\"\"http://h/\"\")\""},
            {"-\r\n", "\"'-\r\n\""},
            {"\t=1", "'\xEF\xBF\xBD=1"},
            {"\t=1,", "\"'\t=1,\""},
            {"\r=1", "\"'\r=1\""},
            {"\n=1", "\"'\n=1\""},
            {"'=1", "'=1"},
            {"a=1", "a=1"},
            {"1-1", "1-1"},
        };
        for (const auto& [text, cell] : cells) {
            CAPTURE(text);
            download_result r;
            r.url = text;
            r.final_url = "x";
            r.file_name = text;
            r.file_path = text;
            r.message = text;
            r.http_version = text;
            r.checksum = text;
            const std::string row = csv_row(r);
            CHECK(row == "0," + cell + ",x," + cell + ',' + cell +
                             ",false,false,0,0,0.000000,0.000000," + cell + ",,," + cell + ",0,0," +
                             cell + "\r\n");
            // It is a matter of this report alone.
            CHECK(parsed_json(json_result(r)).at("url").as_string() == text);
        }
    }

    TEST_CASE("cells are quoted where RFC 4180 asks for it, and hold no control character") {
        download_result r;
        r.url = "a,b";
        r.final_url = "say \"x\"";
        r.file_name = "line\r\nbreak";
        r.file_path = "\x1b[1m";
        r.message = "plain";
        const std::string row = csv_row(r);
        CHECK(
            row.starts_with("0,\"a,b\",\"say \"\"x\"\"\",\"line\r\nbreak\",\xEF\xBF\xBD[1m,false"));
        CHECK(row.find(",plain,") != std::string::npos);
    }
}
