#include "core/files.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

#include "core/scratch.hpp"
#include "pellucid/error.hpp"

namespace {

using namespace pellucid;
namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
    const auto bytes = core::read_whole(path);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::size_t entries(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string refusal(ErrorCode code, const std::function<void()>& act) {
    try {
        act();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code);
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        return error.what();
    }
    ADD_FAILURE() << "no error";
    return {};
}

TEST(WriteWhole, WritesReplacesAndLeavesNothingElse) {
    const core::Scratch scratch;
    const fs::path path = scratch / "out.txt";
    core::write_whole(path, "first, and longer");
    core::write_whole(path, "second");
    EXPECT_EQ(text_of(path), "second");
    EXPECT_EQ(entries(scratch.path()), 1U);
    core::write_whole(path, "");
    EXPECT_EQ(text_of(path), "");
}

TEST(WriteWhole, AFailedWriteKeepsTheOldFileAndLeavesNoTemporary) {
    const core::Scratch scratch;
    const fs::path folder = scratch / "taken";
    fs::create_directories(folder);
    core::write_whole(folder / "inside", "x");
    EXPECT_NE(refusal(ErrorCode::kUsage, [&] { core::write_whole(folder, "text"); }).find("folder"), std::string::npos);
    EXPECT_EQ(entries(scratch.path()), 1U);
    // A name longer than file systems allow fails at the rename, when the temporary is already there.
    const fs::path long_name = scratch / std::string(300, 'n');
    refusal(ErrorCode::kUsage, [&] { core::write_whole(long_name, "text"); });
    EXPECT_EQ(entries(scratch.path()), 1U);
}

TEST(WriteWhole, SaysWhyItCannot) {
    const core::Scratch scratch;
    EXPECT_NE(refusal(ErrorCode::kUsage, [&] { core::write_whole("/dev/full", "text"); }).find("/dev/full"),
              std::string::npos);
    EXPECT_TRUE(fs::is_character_file("/dev/full"));
    refusal(ErrorCode::kUsage, [&] { core::write_whole(scratch / "missing/out.txt", "text"); });
    core::write_whole(scratch / "file", "x");
    refusal(ErrorCode::kUsage, [&] { core::write_whole(scratch / "file/out.txt", "text"); });
}

TEST(WriteWhole, RefusesAReadOnlyFolder) {
    const core::Scratch scratch;
    const fs::path folder = scratch / "locked";
    fs::create_directories(folder);
    fs::permissions(scratch.path(), fs::perms::all);
    fs::permissions(folder,
                    fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
    const uid_t user = ::geteuid();
    constexpr uid_t kNobody = 65534;  // the superuser may write anywhere
    ASSERT_EQ(user == 0 ? ::seteuid(kNobody) : 0, 0);
    const std::string said = refusal(ErrorCode::kUsage, [&] { core::write_whole(folder / "out.txt", "text"); });
    ASSERT_EQ(user == 0 ? ::seteuid(user) : 0, 0);
    EXPECT_NE(said.find("ermission"), std::string::npos);
    EXPECT_EQ(entries(folder), 0U);
}

TEST(WriteWhole, WritesThroughALink) {
    const core::Scratch scratch;
    core::write_whole(scratch / "real", "old");
    fs::create_symlink("real", scratch / "link");
    core::write_whole(scratch / "link", "new");
    EXPECT_TRUE(fs::is_symlink(scratch / "link"));
    EXPECT_EQ(text_of(scratch / "real"), "new");
}

TEST(ReadWhole, RefusesFoldersMissingFilesAndEndlessOnes) {
    const core::Scratch scratch;
    refusal(ErrorCode::kUnreadable, [&] { (void)core::read_whole(scratch / "missing"); });
    EXPECT_NE(refusal(ErrorCode::kUnreadable, [&] { (void)core::read_whole(scratch.path()); }).find("folder"),
              std::string::npos);
    EXPECT_NE(refusal(ErrorCode::kUnreadable, [] { (void)core::read_whole("/dev/zero", 100000); }).find("larger"),
              std::string::npos);
    core::write_whole(scratch / "ten", "0123456789");
    EXPECT_EQ(core::read_whole(scratch / "ten", 10).size(), 10U);
    refusal(ErrorCode::kUnreadable, [&] { (void)core::read_whole(scratch / "ten", 9); });
}

TEST(Sha256, MatchesThePublishedVectors) {
    const core::Scratch scratch;
    core::write_whole(scratch / "empty", "");
    core::write_whole(scratch / "abc", "abc");
    // FIPS 180-4, examples.
    EXPECT_EQ(core::sha256_file(scratch / "empty"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(core::sha256_file(scratch / "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    core::write_whole(scratch / "million", std::string(1000000, 'a'));
    EXPECT_EQ(core::sha256_file(scratch / "million"),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/// A pipe with a name.
fs::path pipe_in(const core::Scratch& scratch) {
    const fs::path pipe = scratch / "pipe";
    EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    return pipe;
}

TEST(ReadWhole, WaitsForTheWriterOfAPipe) {
    const core::Scratch scratch;
    const fs::path pipe = pipe_in(scratch);
    const std::string text(200'000, 'x');   // more than a pipe holds at once
    std::thread writer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));   // the reader is there first
        const int end = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK);   // fails where the reader has left
        ASSERT_GE(end, 0);
        ::fcntl(end, F_SETFL, 0);
        EXPECT_EQ(::write(end, "late ", 5), 5);
        std::this_thread::sleep_for(std::chrono::milliseconds(200));   // a pause is no end
        EXPECT_EQ(::write(end, text.data(), text.size()), std::ssize(text));
        ::close(end);
    });
    EXPECT_EQ(text_of(pipe), "late " + text);
    writer.join();
}

TEST(ReadWhole, RefusesAPipeThatNobodyWritesTo) {
    const core::Scratch scratch;
    const fs::path pipe = pipe_in(scratch);
    const std::string refused = refusal(ErrorCode::kUnreadable, [&] { (void)core::read_whole(pipe); });
    EXPECT_NE(refused.find("nobody writes to it"), std::string::npos) << refused;
}

TEST(ReadWhole, EndsWithADeviceThatDoesNot) {
    const std::string refused = refusal(ErrorCode::kUnreadable, [] { (void)core::read_whole("/dev/zero", 1U << 20U); });
    EXPECT_NE(refused.find("larger than 1048576 bytes"), std::string::npos) << refused;
}

}  // namespace
