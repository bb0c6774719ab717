#include "engine/request_fields.hpp"

#include <algorithm>
#include <asyncdl/version.hpp>
#include <utility>

#include "core/fields.hpp"
#include "core/query_secrets.hpp"

namespace asyncdl::engine {

namespace {

using core::iequals;

constexpr std::string_view default_agent = "asyncdl/" ASYNCDL_VERSION;

/// Fields about what is accepted tell nothing about who asks.
bool may_leave_origin(std::string_view name) {
    return iequals(name, "Accept") || (name.size() > 7 && iequals(name.substr(0, 7), "Accept-"));
}

bool is_condition(std::string_view name) {
    return iequals(name, "If-None-Match") || iequals(name, "If-Modified-Since");
}

bool holds(const std::vector<header>& fields, std::string_view name) {
    return std::any_of(fields.begin(), fields.end(),
                       [&](const header& field) { return iequals(field.name, name); });
}

}  // namespace

bool repeats_secret(std::string_view text, const downloader_options& options,
                    const download_request& request, const core::url& given,
                    const core::url& asked) {
    const auto repeats = [&](std::string_view secret) { return core::repeats(text, secret); };
    const auto repeats_one = [&](const std::vector<header>& fields) {
        return std::any_of(fields.begin(), fields.end(), [&](const header& field) {
            // Of "Bearer abc" the last word is the secret.
            return repeats(std::string_view(field.value).substr(field.value.rfind(' ') + 1));
        });
    };
    return repeats(given.user()) || repeats(given.password()) || repeats_one(options.headers) ||
           repeats_one(request.headers) || core::repeats_query_secret(text, given.target()) ||
           core::repeats_query_secret(text, asked.target());
}

core::fault rejection_of(const download_request& request) {
    const bool ours = request.rejection && request.rejection.category() == error_category();
    const auto code = ours ? request.rejection : make_error_code(errc::invalid_argument);
    const std::string& why = request.rejection_message;
    return {code, why.empty() ? code.message() : why};
}

core::outcome<void> check_fields(const std::vector<header>& fields) {
    for (const header& field : fields)
        if (std::string wrong = check_header(field); !wrong.empty())
            return core::fault(make_error_code(errc::invalid_argument), std::move(wrong));
    return {};
}

http::request_head make_request(const core::url& to, const core::url& first,
                                const downloader_options& options, const download_request& request,
                                const std::string& authority, std::string_view authorization) {
    http::request_head head;
    head.target = to.target();
    head.authority = authority;
    head.fields.reserve(4 + options.headers.size() + request.headers.size());
    const bool at_home = to.origin() == first.origin();

    // The caller's field of a name, sent or removed, stands for the default of that name.
    const auto replaced = [&](std::string_view name) {
        return (at_home || may_leave_origin(name)) &&
               (holds(request.headers, name) || holds(options.headers, name));
    };
    const auto add_default = [&](std::string_view name, std::string_view value) {
        if (!value.empty() && !replaced(name))
            head.fields.emplace_back(name, value);
    };
    const auto add_own = [&](const header& field) {
        if (field.remove || !(at_home || may_leave_origin(field.name)))
            return;
        if (iequals(field.name, "Host"))
            head.authority = field.value;
        else
            head.fields.emplace_back(field.name, field.value);
    };

    add_default("User-Agent",
                options.user_agent.empty() ? default_agent : std::string_view(options.user_agent));
    add_default("Accept", "*/*");
    add_default("Accept-Encoding", "identity");
    add_default("Authorization", authorization);
    for (const header& field : options.headers)
        if (!holds(request.headers, field.name))
            add_own(field);
    for (const header& field : request.headers)
        add_own(field);
    return head;
}

bool has_condition(const http::request_head& request) {
    return std::ranges::any_of(request.fields,
                               [](const auto& field) { return is_condition(field.first); });
}

bool names_condition(const std::vector<header>& fields) {
    return std::ranges::any_of(fields,
                               [](const header& field) { return is_condition(field.name); });
}

bool has_credentials(const http::request_head& request) {
    return std::ranges::any_of(
        request.fields, [](const auto& field) { return iequals(field.first, "Authorization"); });
}

}  // namespace asyncdl::engine
