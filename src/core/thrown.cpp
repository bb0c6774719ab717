#include "core/thrown.hpp"

#include <exception>
#include <new>
#include <string>

namespace asyncdl::core {

namespace {

// Made before it is needed: then there is no memory to make it.
const fault out_of_memory(make_error_code(errc::internal), "out of memory");

std::string one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < ' ')
            c = ' ';
    return text;
}

}  // namespace

fault thrown_by(std::string_view whose) noexcept {
    try {
        std::string text(whose);
        try {
            throw;
        } catch (const std::bad_alloc&) {
            text += ": out of memory";
        } catch (const std::exception& problem) {
            text += " threw an exception: ";
            text += one_line(problem.what());
        } catch (...) {
            text += " threw an exception";
        }
        return {make_error_code(errc::internal), std::move(text)};
    } catch (...) {
        return out_of_memory;
    }
}

}  // namespace asyncdl::core
