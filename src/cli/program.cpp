#include "cli/program.hpp"

#include <unistd.h>

#include <asyncdl/download_manager.hpp>
#include <asyncdl/downloader.hpp>
#include <asyncdl/version.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "cli/attendant.hpp"
#include "cli/file_claims.hpp"
#include "cli/list_reader.hpp"
#include "cli/log.hpp"
#include "cli/options.hpp"
#include "cli/plan.hpp"
#include "cli/process.hpp"
#include "cli/recorder.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// Active downloads whose state counts in a line of progress; each is copied, once a second.
constexpr std::size_t most_looked_at = 1000;

void complain(std::string_view line) {
    output_file err(STDERR_FILENO, "standard error");
    err.write("asyncdl: " + clean(line) + "\n");
}

int show(const std::string& text) {
    output_file out(STDOUT_FILENO, "standard output");
    out.write(text);
    out.close();
    return out.failure().empty() ? all_succeeded : some_failed;
}

/// The batch, and the signal that came meanwhile.
struct outcome {
    batch_summary summary;
    int signal = 0;
};

/// Everything on this thread's loop.
outcome run_here(const settings& options, download_source& source, result_consumer& results) {
    boost::asio::io_context loop(1);
    downloader downloads(loop.get_executor(), options.transfer);
    running_batch batch{[&] { downloads.cancel(); },
                        [&] { return downloads.progress(most_looked_at); }};
    attendant watch(loop, std::move(batch), shows_progress(options));
    outcome ended;
    downloads.async_download_batch(source, results, [&](batch_summary summary) {
        ended.summary = std::move(summary);
        watch.stop();
    });
    loop.run();
    ended.signal = watch.signal();
    return ended;
}

/// The downloads on threads of the manager's; this thread's loop is the attendant's.
outcome run_on_threads(const settings& options, download_source& source, result_consumer& results) {
    boost::asio::io_context loop(1);
    download_manager manager(options.transfer, options.threads);
    running_batch batch{[&] { manager.cancel(); },
                        [&] { return manager.progress(most_looked_at); }};
    attendant watch(loop, std::move(batch), shows_progress(options));
    outcome ended;
    std::thread downloads([&] {
        ended.summary = manager.download_stream(source, results);
        boost::asio::post(loop, [&] { watch.stop(); });
    });
    loop.run();
    downloads.join();
    ended.signal = watch.signal();
    return ended;
}

outcome run_batch(const settings& options, download_source& source, result_consumer& results) {
    try {
        return options.threads == 1 ? run_here(options, source, results)
                                    : run_on_threads(options, source, results);
    } catch (const std::invalid_argument& error) {
        // Options that only the library can judge are refused by its constructors.
        throw usage_error(error.what());
    }
}

int download(settings options) {
    check_files(options);
    std::vector<download_request> arguments = plan_arguments(options);
    std::vector<input_file> lists = open_lists(options);
    file_claims files;
    for (const input_file& list : lists) {
        files.read(list.native());
    }
    options.transfer.checksums = read_checksums(options, files);
    options.transfer.log = make_log(options, files);
    std::optional<boost::asio::thread_pool> disk;
    options.transfer.file_calls = file_io::in_place;
    if (options.disk_threads > 0) {
        disk.emplace(options.disk_threads);
        options.transfer.file_calls = file_io::offload;
        options.transfer.work_executor = disk->get_executor();
    }
    list_reader source(std::move(arguments), std::move(lists),
                       [log = options.transfer.log](const std::string& line) {
                           if (log.wants(log_level::warn)) {
                               log.write(log_level::warn, line);
                           }
                       });
    recorder results(make_reports(options, files));

    const auto [summary, signal] = run_batch(options, source, results);

    const std::vector<std::string> unwritten = results.finish(summary);
    for (const std::string& failure : unwritten) {
        complain(failure);
    }
    if (summary.source_error && signal == 0) {
        complain(source.failure().empty() ? summary.source_message : source.failure());
    }
    if (signal != 0) {
        return 128 + signal;
    }
    const bool failed = summary.failed > 0 || summary.source_error || !unwritten.empty();
    return failed ? some_failed : all_succeeded;
}

}  // namespace

int run(int argc, char** argv) {
    try {
        prepare_process();
        settings options = parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
        if (options.help) {
            return show(help_text());
        }
        if (options.version) {
            return show("asyncdl " ASYNCDL_VERSION "\n");
        }
        return download(std::move(options));
    } catch (const usage_error& error) {
        complain(error.what());
        return unusable;
    } catch (const std::exception& error) {
        complain(error.what());
        return some_failed;
    }
}

}  // namespace asyncdl::cli
