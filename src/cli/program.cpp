#include "cli/program.hpp"

#include <unistd.h>

#include <asyncdl/download_manager.hpp>
#include <asyncdl/downloader.hpp>
#include <asyncdl/version.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/attendant.hpp"
#include "cli/disk_threads.hpp"
#include "cli/ending.hpp"
#include "cli/file_claims.hpp"
#include "cli/list_reader.hpp"
#include "cli/log.hpp"
#include "cli/options.hpp"
#include "cli/plan.hpp"
#include "cli/process.hpp"
#include "cli/recorder.hpp"
#include "cli/run_beside.hpp"
#include "cli/signals.hpp"
#include "cli/stream_sink.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

// Active downloads whose state counts in a line of progress; each is copied, once a second.
constexpr std::size_t most_looked_at = 1000;

std::string complaint(std::string_view line) {
    return "asyncdl: " + clean(line) + "\n";
}

void complain(std::string_view line) {
    output_file err(STDERR_FILENO, "standard error");
    err.hurry();
    err.write(complaint(line));
}

int show(const std::string& text) {
    output_file out(STDOUT_FILENO, "standard output");
    out.write(text);
    out.close();
    return out.failure().empty() ? all_succeeded : some_failed;
}

/// Everything on this thread's loop.
batch_summary run_here(const settings& options, download_source& source, result_consumer& results,
                       run_log& log) {
    boost::asio::io_context loop(1);
    downloader downloads(loop.get_executor(), options.transfer);
    running_batch batch{[&] { downloads.cancel(); },
                        [&] { return downloads.progress(most_looked_at); }};
    attendant watch(loop, std::move(batch), shows_progress(options) ? &log.err() : nullptr);
    batch_summary total;
    downloads.async_download_batch(source, results, [&](batch_summary summary) {
        total = std::move(summary);
        watch.stop();
    });
    loop.run();
    return total;
}

std::unique_ptr<download_manager> make_manager(const settings& options) {
    try {
        return std::make_unique<download_manager>(options.transfer, options.threads);
    } catch (const std::system_error& error) {
        throw no_thread(error.code().message());
    }
}

/// The downloads on threads of the manager's; this thread's loop is the attendant's.
batch_summary run_on_threads(const settings& options, download_source& source,
                             result_consumer& results, run_log& log) {
    boost::asio::io_context loop(1);
    const auto manager = make_manager(options);
    running_batch batch{[&] { manager->cancel(); },
                        [&] { return manager->progress(most_looked_at); }};
    const std::function<void()> cancel = batch.cancel;
    attendant watch(loop, std::move(batch), shows_progress(options) ? &log.err() : nullptr);
    batch_summary total;
    const auto work = [&] { total = manager->download_stream(source, results); };
    run_beside(loop, work, cancel);
    return total;
}

batch_summary run_batch(const settings& options, download_source& source, result_consumer& results,
                        run_log& log) {
    if (first_signal() != 0) {
        return {};
    }
    try {
        if (options.threads > 1) {
            try {
                return run_on_threads(options, source, results, log);
            } catch (const no_thread& error) {
                log.warn(std::string("cannot start the threads of --threads: ") + error.what() +
                         "; one downloads");
            }
        }
        return run_here(options, source, results, log);
    } catch (const std::invalid_argument& error) {
        // Options that only the library can judge are refused by its constructors.
        throw usage_error(error.what());
    }
}

stream_sink::options stream_options(const settings& options) {
    stream_sink::options how;
    how.reader_timeout = options.transfer.connect_timeout;
    return how;
}

int download(settings options) {
    file_claims files;
    check_files(options, files);
    planned_arguments plan = plan_arguments(options);
    std::optional<stream_sink> body;
    if (plan.stream) {
        if (plan.stream->path.empty()) {
            files.write_alone(plan.stream->descriptor.native(), plan.stream->name);
        } else {
            files.write_alone(plan.stream->path);
        }
        body.emplace(*std::move(plan.stream), stream_options(options));
        plan.requests.front().destination = &*body;
    }
    std::vector<input_file> lists = open_lists(options);
    for (const input_file& list : lists) {
        files.use(list.native());
    }
    read_headers(options, files);
    read_sums sums = read_checksums(options, files);
    options.transfer.checksums = std::move(sums.by_name);
    // Before the first report is opened, which a signal must not leave empty.
    catch_signals();
    run_log log(options, files);
    options.transfer.log = log.hook();
    for (const std::string& line : sums.warnings) {
        log.warn(line);
    }
    disk_threads disk(options.disk_threads);
    options.transfer.file_calls = file_io::in_place;
    if (disk.size() > 0) {
        options.transfer.file_calls = file_io::offload;
        options.transfer.work_executor = disk.executor();
    }
    if (disk.size() < options.disk_threads) {
        log.warn("cannot start the threads of --disk-threads: the system gives " +
                 std::to_string(disk.size()) + " of " + std::to_string(options.disk_threads) +
                 " threads");
    }
    list_reader source(std::move(plan.requests), std::move(lists),
                       [&log](const std::string& line) { log.warn(line); });
    recorder results(make_reports(options, files));
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        files.use(fd);
    }
    options.transfer.files_in_use = files.in_use();

    const batch_summary summary = run_batch(options, source, results, log);

    std::vector<std::string> failures = results.finish(summary);
    if (std::string failure = log.finish_file(); !failure.empty()) {
        failures.push_back(std::move(failure));
    }
    for (std::string& line : files.lost()) {
        failures.push_back(std::move(line));
    }
    if (!source.late_option().empty()) {
        failures.push_back(source.late_option());
    }
    // Asked for only now: it may have come while a report waited for its reader.
    const int signal = first_signal();
    const ending end = judge_end(summary, signal, source.failure(), std::move(failures));
    for (const std::string& line : end.lines) {
        log.err().write(complaint(line), line_writer::weight::important);
    }
    log.err().finish();
    const bool nothing_asked = signal == 0 && summary.total == 0;
    return source.is_unusable() && nothing_asked ? static_cast<int>(unusable) : end.status;
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
        return first_signal() != 0 ? 128 + first_signal() : static_cast<int>(unusable);
    } catch (const std::exception& error) {
        complain(error.what());
        return some_failed;
    }
}

}  // namespace asyncdl::cli
