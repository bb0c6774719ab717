#include "engine/placement.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "core/file_name.hpp"
#include "support/temp_dir.hpp"
#include "unit/storage/failing_files.hpp"
#include "unit/storage/narrow_files.hpp"

namespace {

using namespace asyncdl;
using namespace asyncdl::engine;

/// One download's place in a folder whose calls are counted.
class place {
public:
    explicit place(const std::string& name, on_exists mode) {
        request.file_name = name;
        options.download_dir = dir.path().string();
        options.if_exists = mode;
        folder = *storage::directory::open(options.download_dir, calls);
    }

    void make(const std::string& name) { std::ofstream(dir / name) << "old"; }
    std::size_t looks() const {
        return static_cast<std::size_t>(std::ranges::count(calls.made(), "fstatat"));
    }

    test::temp_dir dir;
    test::failing_files calls;
    download_request request;
    downloader_options options;
    core::url url = *core::url::parse("http://host/derived.txt");
    std::shared_ptr<storage::directory> folder;
    claimed_names active;
    std::shared_ptr<claimed_names> batch = std::make_shared<claimed_names>();
};

std::string settled(place& where) {
    placement one(where.active, where.batch);
    REQUIRE(one.plan(where.request, where.options, where.url).has_value());
    REQUIRE(one.enter(where.folder).has_value());
    const auto wanted = one.settle(where.options.if_exists);
    REQUIRE(wanted.has_value());
    CHECK(*wanted);
    return one.name();
}

TEST_SUITE_BEGIN("unit/engine/placement");

TEST_CASE("the first number that is free is found in few looks, however many are taken") {
    place where("x.txt", on_exists::rename);
    where.make("x.txt");
    for (int number = 1; number < 3000; ++number)
        where.make("x." + std::to_string(number) + ".txt");
    where.calls.forget();
    CHECK(settled(where) == "x.3000.txt");
    CHECK(where.looks() < 40);
    // What this batch has taken counts as well, though no file is there yet.
    where.calls.forget();
    CHECK(settled(where) == "x.3001.txt");
    CHECK(settled(where) == "x.3002.txt");
    CHECK(where.looks() < 120);
}

TEST_CASE("a folder that was made again is another one") {
    place where("x", on_exists::overwrite);
    placement one(where.active, where.batch);
    REQUIRE(one.plan(where.request, where.options, where.url).has_value());
    CHECK_FALSE(one.is_named());
    REQUIRE(one.enter(where.folder).has_value());
    CHECK(one.is_named());
    CHECK(where.active.size() == 1);

    placement two(where.active, where.batch);
    REQUIRE(two.plan(where.request, where.options, where.url).has_value());
    CHECK(two.enter(where.folder).error().code() == errc::exists);
    test::temp_dir other;
    const auto elsewhere = *storage::directory::open(other.path().string(), where.calls);
    CHECK(two.enter(elsewhere).has_value());
    CHECK(where.active.size() == 2);
    REQUIRE(one.enter(where.folder).has_value());
    CHECK(where.active.size() == 2);
}

TEST_CASE("a name that is kept is nobody else's until another placement has it") {
    place where("x.txt", on_exists::rename);
    where.make("x.txt");
    placement one(where.active, where.batch);
    REQUIRE(one.plan(where.request, where.options, where.url).has_value());
    REQUIRE(one.enter(where.folder).has_value());
    CHECK(*one.settle(on_exists::rename));
    CHECK(one.name() == "x.1.txt");
    CHECK(one.is_as_planned());
    kept_name kept = one.keep();
    CHECK(settled(where) == "x.2.txt");
    {
        placement again(where.active, where.batch);
        REQUIRE(again.plan(where.request, where.options, where.url).has_value());
        again.take_back(std::move(kept));
        CHECK(again.is_named());
        CHECK(again.folder() == nullptr);
        REQUIRE(again.enter(where.folder).has_value());
        CHECK(again.name() == "x.1.txt");
        CHECK(again.leaf() == "x.1.txt");
        CHECK(*again.settle(on_exists::rename));
        CHECK(again.name() == "x.1.txt");
    }
    CHECK(where.active.size() == 0);
}

TEST_CASE("a folder that was left is entered again, and the name is the same") {
    place where("x.txt", on_exists::rename);
    where.make("x.txt");
    placement one(where.active, where.batch);
    REQUIRE(one.plan(where.request, where.options, where.url).has_value());
    REQUIRE(one.enter(where.folder).has_value());
    CHECK(*one.settle(on_exists::rename));
    one.leave();
    CHECK(one.folder() == nullptr);
    CHECK(one.is_named());
    CHECK(settled(where) == "x.2.txt");
    REQUIRE(one.enter(where.folder).has_value());
    CHECK(*one.settle(on_exists::rename));
    CHECK(one.name() == "x.1.txt");
}

TEST_CASE("a name that a response has given cannot be kept") {
    place where("", on_exists::overwrite);
    placement one(where.active, where.batch);
    REQUIRE(one.plan(where.request, where.options, where.url).has_value());
    REQUIRE(one.enter(where.folder).has_value());
    core::fields fields;
    CHECK_FALSE(one.follow(where.url, false, fields, false));
    CHECK(one.is_as_planned());
    fields.add("Content-Disposition", "filename=other");
    CHECK(one.follow(where.url, false, fields, false));
    CHECK_FALSE(one.is_as_planned());
}

TEST_CASE("the part file's name is held as long as it is another than the target's") {
    place where("", on_exists::overwrite);
    const auto named = [](std::string_view literal) {
        core::fields fields;
        fields.add("Content-Disposition", literal);
        return fields;
    };
    {
        placement one(where.active, nullptr);
        REQUIRE(one.plan(where.request, where.options, where.url).has_value());
        REQUIRE(one.enter(where.folder).has_value());
        CHECK(one.follow(where.url, false, named("filename=first"), false));
        CHECK(one.part_leaf() == "first");
        CHECK(where.active.size() == 1);
        CHECK(one.follow(where.url, false, named("filename=second"), true));
        CHECK(one.leaf() == "second");
        CHECK(one.part_leaf() == "first");
        CHECK(where.active.size() == 2);
        CHECK(one.follow(where.url, false, named("filename=third"), true));
        CHECK(one.part_leaf() == "first");
        CHECK(where.active.size() == 2);
        CHECK_FALSE(one.follow(where.url, false, named("filename=third"), true));
        CHECK(one.follow(where.url, false, named("filename=first"), true));
        CHECK(one.leaf() == "first");
        CHECK(one.part_leaf() == "first");
        CHECK(where.active.size() == 1);
    }
    CHECK(where.active.size() == 0);
}

TEST_CASE("the part file's name is free for others of the batch once the file has another") {
    place where("", on_exists::overwrite);
    core::fields first;
    first.add("Content-Disposition", "filename=first");
    core::fields second;
    second.add("Content-Disposition", "filename=second");
    placement one(where.active, where.batch);
    REQUIRE(one.plan(where.request, where.options, where.url).has_value());
    REQUIRE(one.enter(where.folder).has_value());
    CHECK(one.follow(where.url, false, first, false));
    CHECK(one.follow(where.url, false, second, true));
    download_request given;
    given.file_name = "first";
    placement two(where.active, where.batch);
    REQUIRE(two.plan(given, where.options, where.url).has_value());
    CHECK(two.enter(where.folder).has_error());
    one.drop_part();
    CHECK(two.enter(where.folder).has_value());
}

TEST_CASE("a part file that an earlier run left is used by one download alone") {
    place where("", on_exists::overwrite);
    placement one(where.active, where.batch);
    placement two(where.active, where.batch);
    for (placement* each : {&one, &two}) {
        REQUIRE(each->plan(where.request, where.options, where.url).has_value());
        REQUIRE(each->enter(where.folder).has_value());
    }
    CHECK(two.name() == "derived.1.txt");
    CHECK(one.use_part("left"));
    CHECK_FALSE(two.use_part("left"));
    CHECK_FALSE(two.use_part("derived.txt"));
    CHECK(one.part_leaf() == "left");
    CHECK(one.leaf() == "derived.txt");
    CHECK(two.part_leaf() == "derived.1.txt");
}

/// A placement by a template, and the folders that it is to enter.
class tree {
public:
    explicit tree(const std::string& text = "{host}/{name}")
        : names(*core::name_template::parse(text)), one(where.active, where.batch) {
        REQUIRE(one.plan(where.request, where.options, where.url, &names, 7).has_value());
    }

    /// As the engine does it.
    void enter() { REQUIRE(one.enter(*where.folder->folder_of(one.base_name())).has_value()); }

    bool follow(std::string_view url, bool has_part, std::string_view disposition = {}) {
        core::fields fields;
        if (!disposition.empty())
            fields.add("Content-Disposition", disposition);
        return one.follow(*core::url::parse(url), true, fields, has_part);
    }

    place where{"", on_exists::overwrite};
    const core::name_template names;
    placement one;
};

TEST_CASE("a template makes derived names, a given one stays as it is") {
    tree on("{index}/{host}/{name}");
    CHECK(on.one.name() == "7/host/derived.txt");
    on.enter();
    CHECK(on.one.leaf() == "derived.txt");
    CHECK(on.one.path() == on.where.options.download_dir + "/7/host/derived.txt");
    download_request given;
    given.file_name = "given.txt";
    placement two(on.where.active, on.where.batch);
    REQUIRE(two.plan(given, on.where.options, on.where.url, &on.names, 7).has_value());
    CHECK(two.name() == "given.txt");
}

TEST_CASE("a name in another folder is taken when that is entered") {
    tree on;
    on.enter();
    const auto before = on.one.folder();
    CHECK_FALSE(on.follow("http://host/derived.txt", false));
    CHECK(on.one.is_named());
    CHECK(on.follow("http://other/new.txt", false));
    CHECK_FALSE(on.one.is_named());
    CHECK_FALSE(on.one.is_as_planned());
    CHECK(on.one.name() == "other/new.txt");
    CHECK(on.where.active.size() == 1);
    on.enter();
    CHECK(on.one.is_named());
    CHECK(on.one.name() == "other/new.txt");
    CHECK(on.one.leaf() == "new.txt");
    CHECK(on.one.part_leaf() == "new.txt");
    CHECK(on.one.folder() != before);
    CHECK(on.where.active.size() == 1);
    CHECK_FALSE(on.follow("http://other/new.txt", false));
    // The name that it had is free for others of the batch.
    placement two(on.where.active, on.where.batch);
    REQUIRE(two.plan(on.where.request, on.where.options, on.where.url, &on.names, 8).has_value());
    REQUIRE(two.enter(before).has_value());
    CHECK(two.name() == "host/derived.txt");
}

TEST_CASE("a folder that could not be entered is entered after the next response") {
    tree on;
    on.enter();
    CHECK(on.follow("http://other/new.txt", false));
    CHECK(on.follow("http://other/new.txt", false));
    CHECK(on.follow("http://third/new.txt", false));
    CHECK(on.one.base_name() == "third/new.txt");
    // It turns out to be the first one after all.
    CHECK_FALSE(on.follow("http://host/derived.txt", false));
    CHECK(on.one.is_named());
    CHECK(on.one.name() == "host/derived.txt");
}

TEST_CASE("a name stays in the folder of its part file") {
    tree on;
    on.enter();
    CHECK(on.follow("http://other/new.txt", true));
    CHECK(on.one.is_named());
    CHECK(on.one.name() == "host/new.txt");
    CHECK(on.one.part_leaf() == "derived.txt");
    CHECK_FALSE(on.follow("http://third/new.txt", true));
    CHECK(on.follow("http://third/derived.txt", true));
    CHECK(on.one.name() == "host/derived.txt");
    CHECK_FALSE(on.one.has_part_name());
}

TEST_CASE("a part file that an earlier run left has its name in the same folder") {
    tree on;
    on.enter();
    CHECK(on.one.use_part("left.txt"));
    CHECK(on.one.part_leaf() == "left.txt");
    CHECK(on.one.name() == "host/derived.txt");
    CHECK(on.follow("http://host/left.txt", true));
    CHECK(on.one.name() == "host/left.txt");
    CHECK_FALSE(on.one.has_part_name());
}

TEST_CASE("names that collide get numbers within their folder") {
    tree on;
    on.enter();
    const auto next = [&](const char* address) {
        placement more(on.where.active, on.where.batch);
        REQUIRE(more.plan(on.where.request, on.where.options, *core::url::parse(address), &on.names)
                    .has_value());
        REQUIRE(more.enter(*on.where.folder->folder_of(more.base_name())).has_value());
        return more.name();
    };
    CHECK(next("http://host/a/derived.txt") == "host/derived.1.txt");
    CHECK(next("http://other/derived.txt") == "other/derived.txt");
    CHECK(next("http://host/b/derived.txt") == "host/derived.2.txt");
}

/// Downloads to a folder whose file system takes short names alone.
class narrow_place {
public:
    narrow_place(std::size_t takes, long says) : calls(takes, says) {
        options.download_dir = dir.path().string();
        folder = *storage::directory::open(options.download_dir, calls);
    }

    core::outcome<void> enter(placement& one, const std::string& given = {}) {
        request.file_name = given;
        const auto planned = one.plan(request, options, url, names ? &*names : nullptr);
        return planned ? one.enter(folder) : planned;
    }

    placement make() { return placement(active, batch); }

    test::temp_dir dir;
    test::narrow_files calls;
    download_request request;
    downloader_options options;
    core::url url = *core::url::parse("http://host/" + std::string(300, 'x') + ".iso");
    std::optional<core::name_template> names;
    std::shared_ptr<storage::directory> folder;
    claimed_names active;
    std::shared_ptr<claimed_names> batch = std::make_shared<claimed_names>();
};

// What eCryptfs says of itself: 143 bytes, 11 of which are ".part.state".
const std::string fits_143 = std::string(128, 'x') + ".iso";

TEST_CASE("a derived name is cut to what the file system says that it takes") {
    narrow_place where(143, 143);
    placement one = where.make();
    REQUIRE(where.enter(one).has_value());
    CHECK(one.name() == fits_143);
    CHECK(one.base_name() == fits_143);
    placement two = where.make();
    REQUIRE(where.enter(two).has_value());
    CHECK(two.name() == std::string(126, 'x') + ".1.iso");
    CHECK(where.calls.asked() == 0);
    for (placement* each : {&one, &two})
        CHECK(each->settle(on_exists::overwrite).value());

    const std::string disposition = "filename=" + std::string(200, 'y') + ".gz";
    core::fields fields;
    fields.add("Content-Disposition", disposition);
    CHECK(one.follow(where.url, false, fields, false));
    CHECK(one.name() == std::string(129, 'y') + ".gz");
    CHECK_FALSE(one.follow(where.url, false, fields, false));
}

TEST_CASE("of a name by a template the last part alone is cut to what the file system takes") {
    narrow_place where(143, 143);
    where.names = *core::name_template::parse("{host}-" + std::string(200, 'f') + "/{name}");
    placement one = where.make();
    REQUIRE(where.enter(one).has_value());
    CHECK(one.name() == "host-" + std::string(200, 'f') + "/" + fits_143);
    CHECK_FALSE(one.follow(where.url, false, core::fields(), false));
}

TEST_CASE("a derived name is cut to what a file system takes that says more") {
    for (const auto mode : {on_exists::overwrite, on_exists::rename}) {
        narrow_place where(143, 255);
        placement one = where.make();
        REQUIRE(where.enter(one).has_value());
        CHECK(one.name().size() == core::max_name_bytes);
        CHECK(one.settle(mode).value());
        CHECK(one.name() == fits_143);
        CHECK(where.batch->size() == 1);
        // It is found out once for the folder.
        placement two = where.make();
        REQUIRE(where.enter(two).has_value());
        CHECK(two.name() == std::string(126, 'x') + ".1.iso");
        CHECK(where.folder->max_leaf() == 132);
        CHECK(where.calls.asked() < 12);
    }
}

TEST_CASE("a given name that is too long for the file system is refused") {
    for (const long says : {143, 255}) {
        narrow_place where(143, says);
        placement fits = where.make();
        REQUIRE(where.enter(fits, fits_143).has_value());
        CHECK(fits.settle(on_exists::overwrite).value());
        placement one = where.make();
        auto entered = where.enter(one, fits_143 + "y");
        auto settled = core::outcome<bool>(true);
        if (entered)
            settled = one.settle(on_exists::overwrite);
        CHECK(entered.has_value() == (says == 255));
        const core::fault why = entered ? settled.error() : entered.error();
        CHECK(why.code() == errc::name);
        CHECK(why.message().ends_with("is too long for its folder, which takes 132 bytes"));
    }
}

TEST_CASE("what a file system says of itself may be nonsense") {
    for (const long says : {-1L, 0L, 11L, 4096L}) {
        narrow_place where(255, says);
        placement one = where.make();
        REQUIRE(where.enter(one).has_value());
        CHECK(one.settle(on_exists::overwrite).value());
        CHECK(one.name() == std::string(240, 'x') + ".iso");
    }
}

TEST_CASE("names of usual length cost no look at what the file system takes") {
    narrow_place where(255, 255);
    placement one = where.make();
    REQUIRE(where.enter(one, std::string(100, 'x')).has_value());
    CHECK(one.settle(on_exists::overwrite).value());
    CHECK(where.calls.asked() == 1);
}

TEST_SUITE_END();

}  // namespace
