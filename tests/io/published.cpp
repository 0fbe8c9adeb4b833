// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/published.hpp>

#include <lamina/io/hash.hpp>

#include "loopback_server.hpp"
#include "temporary_folder.hpp"
#include "test_bytes.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <utility>

#include <zip.h>

using namespace lamina::io;

namespace {

const std::string first(5000, 'a'), second = "the second file";

published_set set_of(std::vector<std::string> mirrors) {
  return {.name = "set",
          .files = {{"first", md5(bytes_of(first))}, {"second", sha256(bytes_of(second))}},
          .mirrors = std::move(mirrors),
          .archive = "",
          .origin = "https://origin.invalid/"};
}

/// Fetches into a folder; the lines of the report, or the message of the error, or both.
std::string fetched(const published_set& set, const temporary_folder& folder,
                    const std::string& from = "") {
  ::setenv("no_proxy", "*", 1);
  std::string lines;
  const auto message = message_of([&] {
    fetch(
        set, folder.path, from, [&](const std::string& line) { lines += line + "\n"; }, {}, 1);
  });
  return message == "no error" ? lines : lines + message;
}

std::string expected_digest(const published_set& set, std::string_view content) {
  return "expected the md5 " + set.files[0].digest + " of the published file, found " +
         md5(bytes_of(content));
}

}  // namespace

TEST_CASE("fetched from a mirror, packed or not, then verified") {
  const loopback_server server({{"/m/first.gz", {gzip(first)}}, {"/m/second", {second}}});
  const temporary_folder folder;
  const auto set = set_of({server.address() + "/m"});
  const auto place = (folder / "set").string();
  CHECK(fetched(set, folder) == place + "/first.gz: fetched\n" + place + "/second: fetched\n");
  CHECK(read(folder / "set/first.gz") == gzip(first));
  CHECK(read(folder / "set/second") == second);
  CHECK(fetched(set, folder) ==
        place + "/first.gz: already there\n" + place + "/second: already there\n");
  std::string lines;
  verify(set, folder.path, [&](const std::string& line) { lines += line + "\n"; });
  CHECK(lines == place + "/first.gz: right\n" + place + "/second: right\n");
}

TEST_CASE("the next mirror where one has nothing, wrong bytes or half of them") {
  const auto packed = gzip(first);
  const loopback_server good({{"/first.gz", {packed}}, {"/second.gz", {gzip(second)}}});
  const loopback_server none({});
  const loopback_server wrong({{"/first.gz", {gzip("wrong")}}, {"/second.gz", {"no gzip"}}});
  const loopback_server half({{"/first.gz", {packed, packed.size() / 2}}});
  for (const auto* bad : {&none, &wrong, &half}) {
    const temporary_folder folder;
    const auto lines = fetched(set_of({bad->address(), good.address()}), folder);
    CHECK(lines.find("; trying the next mirror\n") != lines.npos);
    CHECK(lines.ends_with("second.gz: fetched\n"));
    CHECK(read(folder / "set/first.gz") == packed);
  }
}

TEST_CASE("nothing is stored of what cannot be verified") {
  const auto packed = gzip(first);
  const loopback_server server({{"/wrong/first.gz", {gzip("wrong")}},
                                {"/plain/first", {"wrong"}},
                                {"/half/first.gz", {packed, packed.size() / 2}},
                                {"/short/first.gz", {packed.substr(0, packed.size() / 2)}}});
  const auto message = [&](const std::string& path, bool goes_on = false) {
    const temporary_folder folder;
    const auto text = fetched(set_of({}), folder, server.address() + path);
    CHECK(std::filesystem::is_empty(folder / "set") == !goes_on);
    CHECK(!std::filesystem::exists(folder / "set/first.gz"));
    CHECK(text.find('\n') == text.npos);
    return text;
  };
  const auto set = set_of({});
  CHECK(message("/wrong/") ==
        server.address() + "/wrong/first.gz: " + expected_digest(set, "wrong"));
  CHECK(message("/plain") == server.address() + "/plain/first: " + expected_digest(set, "wrong"));
  CHECK(message("/half", true)
            .starts_with(server.address() + "/half/first.gz: cannot be downloaded: "));
  CHECK(message("/short").find("expected a whole gzip stream") != std::string::npos);
  CHECK(message("/none") == server.address() +
                                "/none/first: cannot be downloaded: The requested URL returned "
                                "error: 404");
}

TEST_CASE("a wrong file that lies there is replaced only by a right one") {
  const loopback_server server({{"/first.gz", {gzip(first)}}, {"/second.gz", {gzip(second)}}});
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "set");
  write(folder / "set/first", "mine");
  const auto failed = fetched(set_of({}), folder, server.address() + "/none");
  CHECK(failed.find("; it will be replaced\n") != failed.npos);
  CHECK(read(folder / "set/first") == "mine");
  fetched(set_of({}), folder, server.address());
  CHECK(!std::filesystem::exists(folder / "set/first"));
  CHECK(read(folder / "set/first.gz") == gzip(first));
}

TEST_CASE("a connection that breaks off or stalls is taken up again") {
  const auto packed = gzip(first);
  const auto third = packed.size() / 3 + 1;
  for (const bool stalls : {false, true}) {
    const loopback_server server(
        {{"/first.gz", {packed, third, true, stalls}}, {"/second", {second}}});
    const temporary_folder folder;
    CHECK(fetched(set_of({}), folder, server.address()).ends_with("second: fetched\n"));
    CHECK(read(folder / "set/first.gz") == packed);
    CHECK(!std::filesystem::exists(folder / "set/.first.gz.part"));
  }
}

TEST_CASE("what an earlier fetch left is gone on with, unless the server cannot") {
  const auto packed = gzip(first);
  for (const bool ranges : {false, true})
    for (const auto& left : {packed.substr(0, 20), packed}) {
      const loopback_server server(
          {{"/first.gz", {packed, packed.size(), ranges}}, {"/second", {second}}});
      const temporary_folder folder;
      std::filesystem::create_directory(folder / "set");
      write(folder / "set/.first.gz.part", left);
      CHECK(fetched(set_of({}), folder, server.address()).ends_with("second: fetched\n"));
      CHECK(read(folder / "set/first.gz") == packed);
    }
  // Bytes of something else are found out by their hash, and gone the next time.
  for (const auto& left : {std::string("other bytes"), packed + "more"}) {
    const loopback_server server(
        {{"/first.gz", {packed, packed.size(), true}}, {"/second", {second}}});
    const temporary_folder folder;
    std::filesystem::create_directory(folder / "set");
    write(folder / "set/.first.gz.part", left);
    CHECK(fetched(set_of({}), folder, server.address()).find("whole gzip stream") !=
          std::string::npos);
    CHECK(fetched(set_of({}), folder, server.address()).ends_with("second: fetched\n"));
  }
}

namespace {

/// A zip archive of files, made with libzip.
std::string zip_of(const temporary_folder& folder,
                   const std::vector<std::pair<std::string, std::string>>& files) {
  const auto path = folder / "made.zip";
  std::filesystem::remove(path);
  zip_t* const archive = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  for (const auto& [name, content] : files)
    zip_file_add(archive, name.c_str(),
                 zip_source_buffer(archive, content.data(), content.size(), 0), 0);
  REQUIRE(zip_close(archive) == 0);
  return read(path);
}

}  // namespace

TEST_CASE("from a zip archive: of the user's, at an address, of the set itself") {
  const temporary_folder source;
  const auto archive =
      zip_of(source, {{"deep/first", "another"}, {"first", first}, {"a/b/second", second}});
  const temporary_folder by_file;
  CHECK(fetched(set_of({}), by_file, source / "made.zip").ends_with("second: fetched\n"));
  CHECK(read(by_file / "set/first") == first);
  CHECK(read(by_file / "set/second") == second);
  const loopback_server server(
      {{"/x.zip", {archive, archive.size() / 3 + 1, true}}, {"/own", {archive}}});
  const temporary_folder by_address;
  CHECK(
      fetched(set_of({}), by_address, server.address() + "/x.zip").ends_with("second: fetched\n"));
  CHECK(!std::filesystem::exists(by_address / "set/.archive.zip.part"));
  auto set = set_of({});
  set.archive = server.address() + "/own";
  const temporary_folder by_set;
  CHECK(fetched(set, by_set).ends_with("second: fetched\n"));
  CHECK(read(by_set / "set/second") == second);
}

TEST_CASE("archives that are none, are cut off, lack a file or have another") {
  const temporary_folder source;
  const auto archive = zip_of(source, {{"first", first}});
  const auto wrong = zip_of(source, {{"first", "wrong"}});
  const loopback_server server({{"/none.zip", {"<html>sign in</html>"}},
                                {"/cut.zip", {archive.substr(0, archive.size() / 2)}},
                                {"/lacks.zip", {archive}},
                                {"/wrong.zip", {wrong}}});
  const auto message = [&](const std::string& path) {
    const temporary_folder folder;
    const auto text = fetched(set_of({}), folder, server.address() + path);
    CHECK(!std::filesystem::exists(folder / "set/.archive.zip.part"));
    return text;
  };
  CHECK(message("/none.zip").find("expected a whole zip archive, found: ") != std::string::npos);
  CHECK(message("/cut.zip").find("expected a whole zip archive, found: ") != std::string::npos);
  CHECK(message("/lacks.zip").find("expected an archive with second, found none in it") !=
        std::string::npos);
  CHECK(message("/wrong.zip").find(expected_digest(set_of({}), "wrong")) != std::string::npos);
}

TEST_CASE("from a folder") {
  const temporary_folder source, folder;
  write(source / "first", first);
  write(source / "second.gz", gzip(second));
  CHECK(fetched(set_of({}), folder, source.path).ends_with("second.gz: fetched\n"));
  CHECK(read(folder / "set/first") == first);
  const temporary_folder other;
  write(source / "first", "wrong");
  CHECK(fetched(set_of({}), other, source.path) ==
        (source / "first").string() + ": " + expected_digest(set_of({}), "wrong"));
  CHECK(fetched(set_of({}), other, "/nowhere") ==
        "/nowhere/first: expected this file or first.gz, found neither");
  CHECK(fetched(set_of({}), other, source / "first") ==
        (source / "first").string() +
            ": expected a folder, a zip archive or an address, found another file");
}

TEST_CASE("no mirror and no --from: where the archive is to be had") {
  const temporary_folder folder;
  CHECK(fetched(set_of({}), folder) ==
        "data fetch set: expected --from with a folder, a zip archive or an address that has "
        "first[.gz]; the archive is at https://origin.invalid/");
}

TEST_CASE("addresses that cannot be reached, schemes that are not spoken") {
  const temporary_folder folder;
  std::string address;
  {
    const loopback_server closed({});
    address = closed.address();
  }
  CHECK(fetched(set_of({}), folder, address).find("cannot be downloaded: ") != std::string::npos);
  CHECK(fetched(set_of({}), folder, "file:///etc").find("cannot be downloaded: ") !=
        std::string::npos);
}

TEST_CASE("a data folder that cannot be made") {
  const temporary_folder folder;
  write(folder / "set", "a file");
  CHECK(fetched(set_of({"http://127.0.0.1:1"}), folder).starts_with((folder / "set").string()));
}

TEST_CASE("verifying reports every mistake") {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "set");
  write(folder / "set/first", "wrong");
  std::string lines;
  const auto set = set_of({});
  const auto message = message_of(
      [&] { verify(set, folder.path, [&](const std::string& line) { lines += line + "\n"; }); });
  CHECK(message == (folder / "set/first").string() + ": " + expected_digest(set, "wrong"));
  CHECK(lines ==
        (folder / "set/second").string() + ": expected this file or second.gz, found neither\n");
}

TEST_CASE("the published sets") {
  CHECK(published_mnist().files.size() == 4);
  CHECK(published_mnist().mirrors.size() == 2);
  CHECK(published_asl().files.size() == 2);
  CHECK(published_asl().archive.starts_with("https://www.kaggle.com/api/"));
  const char* const folder = std::getenv("LAMINA_DATA");
  if (!folder) {
    MESSAGE("skipped: LAMINA_DATA is not set");
    return;
  }
  CHECK(message_of([&] { verify(published_mnist(), folder, [](const std::string&) {}); }) ==
        "no error");
  CHECK(message_of([&] { verify(published_asl(), folder, [](const std::string&) {}); }) ==
        "no error");
}
