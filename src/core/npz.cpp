#include <zip.h>

#include <memory>

#include "core/files.hpp"
#include "core/npy.hpp"
#include "pellucid/error.hpp"

namespace pellucid::core {

namespace {

/// An archive may not unpack to more than this, nor (past the smaller bound) to more than so many times its own size:
/// what inputs look like is far below both, and a few kilobytes must not fill the memory.
constexpr std::uint64_t kMostBytes = 1ULL << 32U, kUnsuspicious = 1ULL << 28U, kMostRatio = 100;

[[noreturn]] void fail(const std::string& origin, const std::string& why) {
    throw Error(ErrorCode::kUnreadable, "cannot read '" + origin + "' as a NumPy archive: " + why,
                "save it again with numpy.savez");
}

struct CloseArchive {
    void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
struct CloseMember {
    void operator()(zip_file_t* member) const noexcept { zip_fclose(member); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;
using Member = std::unique_ptr<zip_file_t, CloseMember>;

Archive open_archive(std::span<const std::byte> bytes, const std::string& origin) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    zip_t* archive = source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (archive == nullptr) {
        zip_source_free(source);
        fail(origin, why);
    }
    return Archive(archive);
}

zip_stat_t member_of(zip_t* archive, zip_uint64_t index, const std::string& origin) {
    zip_stat_t status;
    zip_stat_init(&status);
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE;
    if (zip_stat_index(archive, index, 0, &status) != 0 || (status.valid & kNeeded) != kNeeded) {
        fail(origin, "its directory is damaged");
    }
    return status;
}

void refuse_bombs(zip_t* archive, std::size_t archive_bytes, const std::string& origin) {
    std::uint64_t total = 0;
    const auto members = static_cast<zip_uint64_t>(zip_get_num_entries(archive, 0));
    for (zip_uint64_t index = 0; index < members; ++index) {
        const zip_stat_t status = member_of(archive, index, origin);
        const bool too_much = status.size > kMostBytes || (total += status.size) > kMostBytes;
        if (too_much || (total > kUnsuspicious && total / kMostRatio > archive_bytes)) {
            fail(origin, "it unpacks to far more than it should");
        }
    }
}

std::vector<std::byte> unpack(zip_t* archive, zip_uint64_t index, const zip_stat_t& status, const std::string& origin) {
    const Member member(zip_fopen_index(archive, index, 0));
    if (!member) {
        fail(origin, zip_strerror(archive));
    }
    std::vector<std::byte> bytes(status.size);
    std::size_t size = 0;
    while (size < bytes.size()) {
        const zip_int64_t got = zip_fread(member.get(), bytes.data() + size, bytes.size() - size);
        if (got <= 0) {
            fail(origin, "it is truncated or damaged");
        }
        size += static_cast<std::size_t>(got);
    }
    // The read past the end is where the checksum is compared.
    std::byte more{};
    if (zip_fread(member.get(), &more, 1) != 0) {
        fail(origin, "it is damaged");
    }
    return bytes;
}

class ArchiveWriter {
public:
    ArchiveWriter() {
        zip_error_t error;
        zip_error_init(&error);
        source_ = zip_source_buffer_create(nullptr, 0, 0, &error);
        check(source_ != nullptr);
        zip_source_keep(source_);
        archive_.reset(zip_open_from_source(source_, ZIP_TRUNCATE, &error));
        zip_error_fini(&error);
        check(archive_ != nullptr);
    }
    ArchiveWriter(const ArchiveWriter&) = delete;
    ArchiveWriter& operator=(const ArchiveWriter&) = delete;
    ~ArchiveWriter() { zip_source_free(source_); }

    /// `bytes` must outlive finish().
    void add(const std::string& name, std::span<const std::byte> bytes) {
        zip_source_t* source = zip_source_buffer(archive_.get(), bytes.data(), bytes.size(), 0);
        const zip_int64_t index = zip_file_add(archive_.get(), name.c_str(), source, ZIP_FL_ENC_UTF_8);
        check(index >= 0);
        const auto member = static_cast<zip_uint64_t>(index);
        check(zip_set_file_compression(archive_.get(), member, ZIP_CM_STORE, 0) == 0);
        constexpr zip_uint16_t kFirstOfJanuary1980 = (1U << 5U) | 1U;  // the same bytes from the same arrays
        check(zip_file_set_dostime(archive_.get(), member, 0, kFirstOfJanuary1980, 0) == 0);
    }

    std::vector<std::byte> finish() {
        check(zip_close(archive_.get()) == 0);
        (void)archive_.release();
        zip_stat_t status;
        zip_stat_init(&status);
        check(zip_source_stat(source_, &status) == 0 && zip_source_open(source_) == 0);
        std::vector<std::byte> bytes((status.valid & ZIP_STAT_SIZE) != 0 ? status.size : 0);
        const zip_int64_t got = zip_source_read(source_, bytes.data(), bytes.size());
        zip_source_close(source_);
        check(got >= 0 && static_cast<std::size_t>(got) == bytes.size());
        return bytes;
    }

private:
    static void check(bool good) {
        if (!good) {
            throw Error(ErrorCode::kInternal, "a NumPy archive could not be made in memory");
        }
    }
    zip_source_t* source_ = nullptr;
    Archive archive_;
};

}  // namespace

std::map<std::string, Array> parse_npz(std::span<const std::byte> bytes, const std::string& origin) {
    const Archive archive = open_archive(bytes, origin);
    refuse_bombs(archive.get(), bytes.size(), origin);
    std::map<std::string, Array> arrays;
    const auto members = static_cast<zip_uint64_t>(zip_get_num_entries(archive.get(), 0));
    for (zip_uint64_t index = 0; index < members; ++index) {
        const zip_stat_t status = member_of(archive.get(), index, origin);
        std::string name = status.name;
        if (!name.ends_with(".npy")) {
            fail(origin, "it holds '" + name + "', which is no array");
        }
        const std::vector<std::byte> member = unpack(archive.get(), index, status, origin + ":" + name);
        Array array = parse_npy(member, origin + ":" + name);
        name.resize(name.size() - 4);
        if (!arrays.emplace(name, std::move(array)).second) {
            fail(origin, "it holds '" + name + "' twice");
        }
    }
    if (arrays.empty()) {
        fail(origin, "it holds no array");
    }
    return arrays;
}

std::map<std::string, Array> read_npz(const std::filesystem::path& path) {
    return parse_npz(read_whole(path), path.string());
}

void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays) {
    std::vector<std::vector<std::byte>> members;
    members.reserve(arrays.size());
    ArchiveWriter writer;
    for (const auto& [name, array] : arrays) {
        members.push_back(npy_bytes("<f4", array.shape(), std::as_bytes(array.values())));
        writer.add(name + ".npy", members.back());
    }
    write_whole(path, writer.finish());
}

}  // namespace pellucid::core
