#!/bin/sh
# Rule: a room includes only what rooms.table allows it. Call: include_direction.sh ROOT
set -eu
table=$(dirname "$0")/rooms.table
cd "$1"

find src include tests examples bench -name '*.[ch]pp' -o -name '*.hpp.in' | sort |
    xargs awk -v table="$table" '
    BEGIN {
        while ((getline line < table) > 0) {
            if (split(line, word) == 2 && word[1] !~ /^#/) {
                place[word[1]] = 1
                allowed[word[1], word[2]] = 1
            }
        }
        if (length(place) == 0) {
            print table ": no rules"
            exit failed = 1
        }
        std = "^(algorithm|any|array|atomic|barrier|bit|bitset|charconv|chrono|cmath|codecvt|compare|complex|" \
            "concepts|condition_variable|coroutine|deque|exception|execution|expected|filesystem|format|" \
            "forward_list|fstream|functional|future|initializer_list|iomanip|ios|iosfwd|iostream|istream|" \
            "iterator|latch|limits|list|locale|map|memory|memory_resource|mutex|new|numbers|numeric|optional|" \
            "ostream|queue|random|ranges|ratio|regex|scoped_allocator|semaphore|set|shared_mutex|" \
            "source_location|span|sstream|stack|stdexcept|stop_token|streambuf|string|string_view|" \
            "syncstream|system_error|thread|tuple|type_traits|typeindex|typeinfo|unordered_map|unordered_set|" \
            "utility|valarray|variant|vector|version|" \
            "c(assert|ctype|errno|fenv|float|inttypes|limits|locale|math|setjmp|signal|stdarg|stddef|stdint|" \
            "stdio|stdlib|string|time|uchar|wchar|wctype))$"
        posix = "^((arpa|linux|net|netinet|sys)/[a-z_]+|" \
            "dirent|dlfcn|errno|fcntl|grp|limits|netdb|poll|pthread|pwd|sched|signal|spawn|stdio|stdlib|string|termios|" \
            "time|unistd)\\.h$"
    }
    FNR == 1 { room = home(FILENAME) }
    /^[ \t]*#[ \t]*include/ {
        header = $0
        beside = header ~ /"[^\/]*"/  # a file of the same folder
        sub(/^[^"<]*["<]/, "", header)
        sub(/[">].*/, "", header)
        files[FILENAME] = 1
        if (room == "" || !(beside || may(room, header))) {
            printf "%s:%d: %s may not include %s\n", FILENAME, FNR, \
                (room == "" ? "a place without rules" : room), header
            failed = 1
        }
    }
    END {
        if (!failed) printf "include direction: %d files are as they should be\n", length(files)
        exit failed
    }
    # The longest place of the table that the path lies in.
    function home(path) {
        while (!(path in place) && sub(/\/?[^\/]*$/, "", path) && path != "") {}
        return path
    }
    function may(room, header,    prefix) {
        if ((room, header) in allowed) return 1
        if ((room, "@std") in allowed && header ~ std) return 1
        if ((room, "@posix") in allowed && header ~ posix) return 1
        prefix = header
        while (sub(/[^\/]+\/?$/, "", prefix) && prefix != "") {
            if ((room, prefix) in allowed) return 1
        }
        return 0
    }'
