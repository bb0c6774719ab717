#include "cli/program.hpp"

#include <unistd.h>

#include <asyncdl/download_manager.hpp>
#include <asyncdl/version.hpp>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cli/attendant.hpp"
#include "cli/list_reader.hpp"
#include "cli/log.hpp"
#include "cli/options.hpp"
#include "cli/plan.hpp"
#include "cli/process.hpp"
#include "cli/recorder.hpp"

namespace asyncdl::cli {

namespace {

void complain(const std::string& line) {
    output_file err(STDERR_FILENO, "standard error");
    err.write("asyncdl: " + line + "\n");
}

int show(const std::string& text) {
    output_file out(STDOUT_FILENO, "standard output");
    out.write(text);
    out.close();
    return out.failure().empty() ? all_succeeded : some_failed;
}

// Options that only the library can judge are refused by its constructor.
download_manager make_manager(const settings& options) {
    try {
        return download_manager(options.transfer, options.threads);
    } catch (const std::invalid_argument& error) {
        throw usage_error(error.what());
    }
}

int download(settings options) {
    check_files(options);
    std::vector<download_request> arguments = plan_arguments(options);
    std::vector<input_file> lists = open_lists(options);
    options.transfer.log = make_log(options);
    options.transfer.file_calls = file_io::in_place;
    list_reader source(std::move(arguments), std::move(lists),
                       [log = options.transfer.log](const std::string& line) {
                           if (log.wants(log_level::warn)) {
                               log.write(log_level::warn, line);
                           }
                       });
    download_manager manager = make_manager(options);
    recorder results(make_reports(options));
    attendant watch(manager, shows_progress(options));

    const batch_summary summary = manager.download_stream(source, results);

    const std::vector<std::string> unwritten = results.finish(summary);
    for (const std::string& failure : unwritten) {
        complain(failure);
    }
    if (summary.source_error && watch.signal() == 0) {
        complain(source.failure().empty() ? summary.source_message : source.failure());
    }
    if (watch.signal() != 0) {
        return 128 + watch.signal();
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
