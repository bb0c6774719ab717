#include "cli/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "cli/flags.hpp"
#include "cli/text.hpp"

namespace asyncdl::cli {

namespace {

using used_flag = std::pair<const flag*, CLI::Option*>;

// CLI11 only cuts the command line into flags and their values: what they mean, and every message,
// is ours. Its defaults take more arguments than one a flag, split "[a,b]", and let "--quiet=no"
// through.
CLI::Option* declare(CLI::App& parser, const flag& f) {
    std::string names(f.name);
    if (f.letter != 0) {
        names = std::string("-") + f.letter + "," + names;
    }
    if (f.argument.empty()) {
        CLI::Option* option = parser.add_flag(names);
        option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
        option->disable_flag_override();
        return option;
    }
    CLI::Option* option = parser.add_option(names);
    option->expected(1, CLI::detail::expected_max_vector_size);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    option->allow_extra_args(false);
    return option;
}

// CLI11 takes the next argument as the value of "--name=".
std::vector<std::string> with_empty_values(std::vector<std::string> arguments) {
    std::vector<std::string> result;
    bool flags_end = false;
    for (std::string& argument : arguments) {
        flags_end = flags_end || argument == "--";
        const auto is_it = [&](const flag& f) {
            return !f.argument.empty() && argument.size() == f.name.size() + 1 &&
                   argument.starts_with(f.name) && argument.back() == '=';
        };
        if (!flags_end && std::any_of(flags().begin(), flags().end(), is_it)) {
            argument.pop_back();
            result.push_back(std::move(argument));
            result.emplace_back();
        } else {
            result.push_back(std::move(argument));
        }
    }
    return result;
}

void cut(CLI::App& parser, std::vector<std::string> arguments) {
    // CLI11 wants them in reverse.
    std::reverse(arguments.begin(), arguments.end());
    try {
        parser.parse(std::move(arguments));
    } catch (const CLI::ArgumentMismatch& mismatch) {
        // "--name: 1 required TEXT missing" or "name was given a disallowed flag override"
        const std::string_view text = mismatch.what();
        if (text.starts_with("--")) {
            throw usage_error(std::string(text.substr(0, text.find(':'))) + " needs an argument");
        }
        throw usage_error("--" + std::string(text.substr(0, text.find(' '))) +
                          " takes no argument");
    } catch (const CLI::ParseError& error) {
        throw usage_error(shown_value(error.what()));
    }
}

// Without its value, which may be a secret: "-uUSER:PASSWORD" is "-u".
std::string option_name(std::string_view argument) {
    if (argument.starts_with("--")) {
        return shown_value(argument.substr(0, argument.find_first_of("=:")));
    }
    const std::size_t letter = std::max<std::size_t>(character_length(argument.substr(1)), 1);
    return clean(argument.substr(0, 1 + letter));
}

// Of what CLI11 did not know: up to "--" a flag, or an argument; after it arguments alone.
std::vector<std::string> plain_arguments(std::vector<std::string> unknown) {
    const auto mark = std::find(unknown.begin(), unknown.end(), "--");
    const auto flag = std::find_if(unknown.begin(), mark, [](const std::string& text) {
        return text.size() > 1 && text.front() == '-';
    });
    if (flag != mark) {
        throw usage_error("unknown option " + option_name(*flag));
    }
    if (mark != unknown.end()) {
        unknown.erase(mark);
    }
    return unknown;
}

bool used(std::span<const used_flag> all, std::string_view name) {
    return std::any_of(all.begin(), all.end(), [&](const used_flag& f) {
        return f.first->name == name && f.second->count() > 0;
    });
}

}  // namespace

settings parse_command_line(std::vector<std::string> arguments) {
    CLI::App parser;
    parser.set_help_flag();
    parser.allow_extras();
    std::vector<used_flag> known;
    for (const flag& f : flags()) {
        known.emplace_back(&f, declare(parser, f));
    }
    cut(parser, with_empty_values(std::move(arguments)));

    settings result;
    result.help = used(known, "--help");
    result.version = used(known, "--version");
    if (result.help || result.version) {
        return result;
    }
    result.arguments = plain_arguments(parser.remaining());
    for (const auto& [f, option] : known) {
        if (option->count() > 0 && f->apply == nullptr) {
            throw usage_error(std::string(f->name) + " is not supported yet");
        }
        for (const std::string& value : option->results()) {
            f->apply(result, *f, value);
        }
    }
    return result;
}

}  // namespace asyncdl::cli
