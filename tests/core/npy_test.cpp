#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>

#include "core/files.hpp"
#include "core/scratch.hpp"
#include "pellucid/error.hpp"

namespace {

using namespace pellucid;
namespace fs = std::filesystem;

fs::path fixture(const std::string& name) { return fs::path(PELLUCID_SOURCE_DIR) / "tests/core/fixtures" / name; }

/// The message of the Error(kUnreadable) that reading throws; a failure otherwise.
std::string refusal(const std::function<void()>& read) {
    try {
        read();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kUnreadable);
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
        return error.what();
    }
    ADD_FAILURE() << "it was read";
    return {};
}

void expect_count_from(const Array& array, float first) {
    ASSERT_EQ(array.shape(), (Shape{2, 3, 4}));
    for (std::size_t at = 0; at < array.size(); ++at) {
        EXPECT_EQ(array[at], first + static_cast<float>(at));
    }
}

TEST(Npy, ReadsWhatNumpyWrites) {
    for (const std::string type : {"i1", "i2", "i4", "i8", "f2", "f4", "f8"}) {
        for (const std::string order : {"little", "big"}) {
            SCOPED_TRACE(type + "_" + order);
            expect_count_from(core::read_npy(fixture(type + "_" + order + ".npy")), -5.0F);
        }
    }
    for (const std::string type : {"u1", "u2", "u4", "u8"}) {
        SCOPED_TRACE(type);
        expect_count_from(core::read_npy(fixture(type + "_little.npy")), 0.0F);
    }
    for (const std::string name : {"fortran.npy", "version2.npy", "version3.npy"}) {
        SCOPED_TRACE(name);
        expect_count_from(core::read_npy(fixture(name)), -5.0F);
    }
}

TEST(Npy, ReadsBooleansScalarsAndEmptyArrays) {
    const Array flags = core::read_npy(fixture("bool.npy"));
    for (std::size_t at = 0; at < flags.size(); ++at) {
        EXPECT_EQ(flags[at], at % 2 == 1 ? 1.0F : 0.0F);  // the values begin at -5, an odd one
    }
    const Array scalar = core::read_npy(fixture("scalar.npy"));
    EXPECT_TRUE(scalar.shape().empty());
    EXPECT_EQ(scalar[0], 2.5F);
    EXPECT_EQ(core::read_npy(fixture("empty.npy")).shape(), (Shape{0, 3}));
}

TEST(Npy, ReadsEveryKindOfHalf) {
    const Array halves = core::read_npy(fixture("halves.npy"));
    const float infinity = std::numeric_limits<float>::infinity();
    const float wanted[] = {0.0F, -0.0F, 1.0F, -2.5F, 65504.0F, 0x1p-14F, 0x1p-24F, 3 * 0x1p-20F, infinity, -infinity};
    ASSERT_EQ(halves.size(), std::size(wanted));
    EXPECT_EQ(std::memcmp(halves.data(), wanted, sizeof wanted), 0);
}

TEST(Npy, WritesWhatNumpyReads) {
    const core::Scratch scratch;
    const fs::path path = scratch / "a.npy";
    const Array array({2, 3}, {1.5F, -2.0F, 3.0F, 0.0F, 1e-30F, 1e30F});
    core::write_npy(path, array);
    const std::vector<std::int32_t> labels{1, -2, 2147483647};
    core::write_npy_int32(scratch / "b.npy", {3}, labels);
    core::write_npz(scratch / "c.npz", {{"x", array}, {"channel gate", Array({1}, {4.0F})}});
    const std::string check =
        "import sys, numpy as np; d = sys.argv[1] + '/'; a = np.load(d + 'a.npy'); b = np.load(d + 'b.npy'); "
        "c = np.load(d + 'c.npz'); "
        "assert a.dtype == np.float32 and a.tolist() == np.float32([[1.5, -2, 3], [0, 1e-30, 1e30]]).tolist(), a; "
        "assert b.dtype == np.int32 and b.tolist() == [1, -2, 2147483647], b; "
        "assert sorted(c) == ['channel gate', 'x'] and (c['x'] == a).all() and c['channel gate'][0] == 4";
    const std::string command =
        std::string(PELLUCID_PYTHON) + " -c \"" + check + "\" '" + scratch.path().string() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    const Array again = core::read_npy(path);
    EXPECT_EQ(again.shape(), array.shape());
    EXPECT_EQ(std::memcmp(again.data(), array.data(), array.size() * sizeof(float)), 0);
}

TEST(Npz, ReadsStoredAndDeflated) {
    for (const std::string name : {"stored.npz", "deflated.npz"}) {
        SCOPED_TRACE(name);
        const auto arrays = core::read_npz(fixture(name));
        ASSERT_EQ(arrays.size(), 2U);
        expect_count_from(arrays.at("first"), -5.0F);
        EXPECT_EQ(arrays.at("second")[4], 4.0F);
    }
}

TEST(Npz, SameBytesFromTheSameArrays) {
    const core::Scratch scratch;
    const std::map<std::string, Array> arrays{{"x", Array({2}, {1.0F, 2.0F})}};
    core::write_npz(scratch / "a.npz", arrays);
    core::write_npz(scratch / "b.npz", arrays);
    EXPECT_EQ(core::sha256_file(scratch / "a.npz"), core::sha256_file(scratch / "b.npz"));
}

TEST(Npy, RefusesWhatIsNoNumber) {
    const auto read = [](const std::string& name) { return refusal([&] { (void)core::read_npy(fixture(name)); }); };
    EXPECT_NE(read("objects.npy").find("pickled"), std::string::npos);
    EXPECT_NE(read("complex.npy").find("<c8"), std::string::npos);
    EXPECT_NE(read("text.npy").find("<U2"), std::string::npos);
    EXPECT_NE(read("records.npy").find("structured"), std::string::npos);
}

std::string with_header(const std::string& header, std::size_t data_bytes) {
    std::string bytes = "\x93NUMPY";
    bytes += {'\x01', '\0', static_cast<char>(header.size() & 255U), static_cast<char>(header.size() >> 8U)};
    return bytes + header + std::string(data_bytes, '\0');
}

TEST(Npy, RefusesHostileFiles) {
    const core::Scratch scratch;
    const auto read = [&](const std::string& bytes) {
        core::write_whole(scratch / "x.npy", bytes);
        return refusal([&] { (void)core::read_npy(scratch / "x.npy"); });
    };
    const auto header = [](const std::string& shape) {
        return "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n";
    };
    // Promises far beyond memory must fail before anything is allocated.
    EXPECT_NE(read(with_header(header("(1099511627776,)"), 64)).find("truncated"), std::string::npos);
    EXPECT_NE(read(with_header(header("(4294967296, 4294967296)"), 64)).find("too large"), std::string::npos);
    EXPECT_NE(read(with_header(header("(9223372036854775807, 3)"), 64)).find("too large"), std::string::npos);
    for (const std::string shape : {"(-1,)", "(2.5,)", "(99999999999999999999,)", "(1 2)", "2", "((2),)", "(2"}) {
        EXPECT_NE(read(with_header(header(shape), 8)).find("malformed"), std::string::npos) << shape;
    }
    EXPECT_NE(read(with_header(header("(4,)"), 12)).find("truncated"), std::string::npos);
    EXPECT_NE(read(with_header(header("(4,)"), 20)).find("goes on"), std::string::npos);
    EXPECT_NE(read(with_header("{'descr': '<f4', 'shape': (1,)}", 4)).find("lacks"), std::string::npos);
    EXPECT_NE(read(with_header("{'descr': '<f4', 'x': 1}", 4)).find("'x'"), std::string::npos);
    EXPECT_NE(read(with_header(header("(1,)") + "os.abort()", 4)).find("malformed"), std::string::npos);
    std::string rank = "(";
    for (int axis = 0; axis < 100; ++axis) {
        rank += "1,";
    }
    EXPECT_NE(read(with_header(header(rank + ")"), 4)).find("malformed"), std::string::npos);
    EXPECT_NE(read("PNG").find("does not begin"), std::string::npos);
    EXPECT_NE(read("").find("does not begin"), std::string::npos);
    EXPECT_NE(read(std::string("\x93NUMPY\x09\0\0\0\0\0", 12)).find("version 9"), std::string::npos);
}

TEST(Npy, RefusesEveryTruncation) {
    const core::Scratch scratch;
    const auto whole = core::read_whole(fixture("f4_little.npy"));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        core::write_whole(scratch / "x.npy", std::span(whole).first(size), false);
        refusal([&] { (void)core::read_npy(scratch / "x.npy"); });
    }
}

TEST(Npz, RefusesTruncatedDamagedAndForeignArchives) {
    const core::Scratch scratch;
    const auto whole = core::read_whole(fixture("deflated.npz"));
    const auto read = [&](std::span<const std::byte> bytes) {
        core::write_whole(scratch / "x.npz", bytes, false);
        return refusal([&] { (void)core::read_npz(scratch / "x.npz"); });
    };
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        read(std::span(whole).first(size));
    }
    auto stored = core::read_whole(fixture("stored.npz"));
    const float eighteen = 18.0F;  // the last value of the first array: only the checksum can tell
    const auto pattern = std::as_bytes(std::span(&eighteen, 1));
    const auto at = std::search(stored.begin(), stored.end(), pattern.begin(), pattern.end());
    ASSERT_NE(at, stored.end());
    *at ^= std::byte{1};
    EXPECT_NE(read(stored).find("damaged"), std::string::npos);
    const std::string text = "this is no archive";
    read(std::as_bytes(std::span(text)));
}

TEST(Npz, RefusesBombs) {
    // 300 MiB of zeros in little more than a megabyte.
    const core::Scratch scratch;
    const std::string path = (scratch / "bomb.npz").string();
    const std::string make =
        "import sys, zipfile\n"
        "with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED, compresslevel=1) as z, z.open('x.npy', 'w') as "
        "f:\n"
        "    [f.write(bytes(1 << 20)) for _ in range(300)]\n";
    core::write_whole(scratch / "make.py", make);
    const std::string command =
        std::string(PELLUCID_PYTHON) + " '" + (scratch / "make.py").string() + "' '" + path + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    EXPECT_NE(refusal([&] { (void)core::read_npz(path); }).find("unpacks"), std::string::npos);
}

}  // namespace
