#include "core/files.hpp"

#include <fcntl.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>

#include "pellucid/error.hpp"

namespace pellucid::core {

namespace {

namespace fs = std::filesystem;

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse_write(const fs::path& path, const std::string& why) {
    throw Error(ErrorCode::kUsage, "cannot write '" + path.string() + "': " + why,
                "choose another place for the output");
}

[[noreturn]] void refuse_read(const fs::path& path, const std::string& why) {
    throw Error(ErrorCode::kUnreadable, "cannot read '" + path.string() + "': " + why, "check the path");
}

class Descriptor {
public:
    explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    [[nodiscard]] int get() const noexcept { return descriptor_; }
    /// False when the system reports at the last moment that bytes were lost (network file systems, quotas).
    bool close() noexcept {
        const int descriptor = descriptor_;
        descriptor_ = -1;
        return descriptor < 0 || ::close(descriptor) == 0;
    }

private:
    int descriptor_;
};

/// 0, or the system's error number.
int write_all(int descriptor, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0) {
            if (errno == EINTR) {
                continue;
            }
            return errno;
        }
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return 0;
}

/// A short name in the same folder, so that the rename stays on one file system whatever the target's name.
fs::path temporary_beside(const fs::path& path) {
    static std::atomic<unsigned> counter{0};
    return path.parent_path() / (".pellucid-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp");
}

/// Devices and pipes cannot be renamed over: they are written as they are.
void write_through(const fs::path& path, std::span<const std::byte> bytes) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    int error = file.get() < 0 ? errno : write_all(file.get(), bytes);
    if (!file.close() && error == 0) {
        error = errno;
    }
    if (error != 0) {
        refuse_write(path, reason(error));
    }
}

void write_and_rename(const fs::path& path, std::span<const std::byte> bytes, bool durable) {
    const fs::path temporary = temporary_beside(path);
    Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (file.get() < 0) {
        refuse_write(path, reason(errno));
    }
    int error = write_all(file.get(), bytes);
    if (error == 0 && durable && ::fsync(file.get()) != 0) {
        error = errno;
    }
    if (!file.close() && error == 0) {
        error = errno;
    }
    if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) {
        error = errno;
    }
    if (error != 0) {
        ::unlink(temporary.c_str());
        refuse_write(path, reason(error));
    }
}

/// A file that is read from its beginning to its end.
class Source {
public:
    /// Without blocking: a pipe with a name would be waited for without end where nobody ever writes to it.
    explicit Source(const fs::path& path)
        : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
        if (file_.get() < 0 || ::fstat(file_.get(), &status_) != 0) {
            refuse_read(path, reason(errno));
        }
        if (S_ISDIR(status_.st_mode)) {
            refuse_read(path, "it is a folder");
        }
    }

    /// Of an ordinary file; 0 of a device or a pipe, whose size nobody knows.
    [[nodiscard]] std::size_t size() const { return ordinary() ? static_cast<std::size_t>(status_.st_size) : 0; }

    [[nodiscard]] bool ordinary() const { return S_ISREG(status_.st_mode); }

    /// Bytes read; 0 at the end.
    std::size_t read(std::span<std::byte> into) {
        // A pipe without a writer looks as if it had ended; the writer may only be late.
        for (int waited = 0;; waited += kPause) {
            const std::size_t got = read_now(into);
            begun_ = begun_ || got > 0 || !S_ISFIFO(status_.st_mode);
            if (begun_) {
                return got;
            }
            if (waited >= kPatience) {
                refuse_read(path_, "it is a pipe, and nobody writes to it");
            }
            ::poll(nullptr, 0, kPause);
        }
    }

private:
    static constexpr int kPatience = 2000, kPause = 10;   // milliseconds

    std::size_t read_now(std::span<std::byte> into) {
        for (;;) {
            const ssize_t got = ::read(file_.get(), into.data(), into.size());
            if (got >= 0) {
                return static_cast<std::size_t>(got);
            }
            if (errno == EAGAIN) {   // a writer that is there and takes its time
                pollfd more{file_.get(), POLLIN, 0};
                ::poll(&more, 1, -1);
            } else if (errno != EINTR) {
                refuse_read(path_, reason(errno));
            }
        }
    }

    const fs::path& path_;
    Descriptor file_;
    struct stat status_{};
    bool begun_ = false;
};

}  // namespace

void write_whole(const fs::path& path, std::span<const std::byte> bytes, bool durable) {
    std::error_code ignored;
    const fs::file_status status = fs::status(path, ignored);
    if (fs::is_directory(status)) {
        refuse_write(path, "a folder of that name is in the way");
    }
    if (fs::exists(status) && !fs::is_regular_file(status)) {
        write_through(path, bytes);
        return;
    }
    // What a link points at is replaced, never the link.
    const fs::path real =
        fs::is_symlink(fs::symlink_status(path, ignored)) ? fs::weakly_canonical(path, ignored) : path;
    write_and_rename(real.empty() ? path : real, bytes, durable);
}

void write_whole(const fs::path& path, const std::string& text) {
    write_whole(path, std::as_bytes(std::span(text.data(), text.size())));
}

std::vector<std::byte> read_whole(const fs::path& path, std::size_t limit) {
    Source file(path);
    const std::size_t expected = file.size();
    limit = file.ordinary() ? limit : std::min(limit, kMostFromPipe);
    const std::string too_large = "it is larger than " + std::to_string(limit) + " bytes";
    if (expected > limit) {
        refuse_read(path, too_large);
    }
    std::vector<std::byte> bytes(expected + 1);  // the byte more tells the end in one read
    std::size_t size = 0;
    while (const std::size_t got = file.read(std::span(bytes).subspan(size))) {
        size += got;
        if (size > limit) {
            refuse_read(path, too_large);
        }
        if (size == bytes.size()) {
            bytes.resize(bytes.size() + std::max<std::size_t>(bytes.size(), 1U << 16U));
        }
    }
    bytes.resize(size);
    return bytes;
}

std::string sha256_file(const fs::path& path) {
    Source file(path);
    sha256_ctx context;
    sha256_init(&context);
    std::vector<std::byte> chunk(1U << 18U);
    while (const std::size_t got = file.read(chunk)) {
        sha256_update(&context, got, reinterpret_cast<const std::uint8_t*>(chunk.data()));
    }
    std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
    sha256_digest(&context, digest.size(), digest.data());
    std::string text;
    for (const std::uint8_t byte : digest) {
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 15U];
    }
    return text;
}

}  // namespace pellucid::core
