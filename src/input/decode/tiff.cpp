#include <algorithm>
#include <cstring>
#include <memory>

#include <tiffio.h>

#include "input/decode/formats.hpp"
#include "input/decode/tiff_pixels.hpp"

namespace pellucid::input {
namespace {

struct Memory {
    Bytes bytes;
    std::uint64_t at = 0;
};

tmsize_t read_memory(thandle_t handle, void* to, tmsize_t count) {
    auto& memory = *static_cast<Memory*>(handle);
    const std::uint64_t left = memory.at < memory.bytes.size() ? memory.bytes.size() - memory.at : 0;
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left, static_cast<std::uint64_t>(count)));
    if (taken > 0) {
        std::memcpy(to, memory.bytes.data() + memory.at, taken);
    }
    memory.at += taken;
    return static_cast<tmsize_t>(taken);
}

tmsize_t write_nothing(thandle_t /*handle*/, void* /*from*/, tmsize_t /*count*/) { return 0; }

toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
    auto& memory = *static_cast<Memory*>(handle);
    const std::uint64_t base = whence == SEEK_CUR ? memory.at : whence == SEEK_END ? memory.bytes.size() : 0;
    memory.at = base + offset;
    return memory.at;
}

int close_memory(thandle_t /*handle*/) { return 0; }
toff_t size_of_memory(thandle_t handle) { return static_cast<Memory*>(handle)->bytes.size(); }
int stay_silent(TIFF* /*tiff*/, void* /*data*/, const char* /*module*/, const char* /*format*/, va_list /*values*/) {
    return 1;
}

struct Close {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using Tiff = std::unique_ptr<TIFF, Close>;

/// Handlers of this file alone: libtiff's global ones belong to the program that we are in.
Tiff open(Memory& memory, const std::string& name) {
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                               TIFFOpenOptionsFree);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), tmsize_t{1} << 31);  // 100 megapixels of 8 samples, 16 bit each
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), stay_silent, nullptr);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), stay_silent, nullptr);
    return Tiff(TIFFClientOpenExt(name.c_str(), "rm", &memory, read_memory, write_nothing, seek_memory, close_memory,
                                  size_of_memory, nullptr, nullptr, options.get()));
}

TiffKind kind_of(TIFF* tiff) {
    TiffKind kind;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &kind.bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &kind.samples);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &kind.format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &kind.compression);
    if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &kind.photometric) == 0) {
        kind.photometric = kind.samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
    }
    if (kind.photometric == PHOTOMETRIC_YCBCR && kind.compression == COMPRESSION_JPEG) {
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        kind.photometric = PHOTOMETRIC_RGB;
    }
    std::uint16_t count = 0;
    std::uint16_t* extras = nullptr;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &extras);
    const int colors = kind.colors();
    kind.alpha = kind.samples > colors;
    kind.premultiplied = count > 0 && extras != nullptr && extras[0] == EXTRASAMPLE_ASSOCALPHA;
    if (kind.photometric == PHOTOMETRIC_PALETTE) {
        TIFFGetField(tiff, TIFFTAG_COLORMAP, &kind.map[0], &kind.map[1], &kind.map[2]);
    }
    return kind;
}

/// A strip or a tile: where it lies, and how many samples a pixel it holds (one, with separate planes).
struct Block {
    std::uint32_t x = 0, y = 0, width = 0, height = 0;
    std::uint16_t sample = 0;
};

/// Reads every strip or tile into `samples`: [height, width, samples], as 8-bit values or palette indices.
class SampleReader {
public:
    SampleReader(TIFF* tiff, const TiffKind& kind, const Image& image, const std::string& name)
        : tiff_(tiff),
          kind_(kind),
          name_(name),
          width_(static_cast<std::uint32_t>(image.width)),
          height_(static_cast<std::uint32_t>(image.height)) {
        TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar_);
        samples_.resize(std::size_t{width_} * height_ * kind.samples);
    }

    std::vector<std::uint8_t> read() {
        const bool tiled = TIFFIsTiled(tiff_) != 0;
        Block block;
        block.width = width_;
        block.height = height_;
        if (tiled) {
            TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &block.width);
            TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &block.height);
        } else {
            TIFFGetFieldDefaulted(tiff_, TIFFTAG_ROWSPERSTRIP, &block.height);
            block.height = std::min(block.height, height_);
        }
        // A strip is never larger than the picture; a tile may be, but not so that it alone fills the memory.
        const std::uint64_t most = std::max<std::uint64_t>(std::uint64_t{width_} * height_, kLargeTile);
        if (block.width == 0 || block.height == 0 || std::uint64_t{block.width} * block.height > most) {
            refuse_truncated(name_, "TIFF");
        }
        const std::uint16_t planes = planar_ == PLANARCONFIG_SEPARATE ? kind_.samples : std::uint16_t{1};
        const tmsize_t size = tiled ? TIFFTileSize(tiff_) : TIFFStripSize(tiff_);
        if (size <= 0 || static_cast<std::uint64_t>(size) < bytes_of(block.width) * block.height) {
            refuse_truncated(name_, "TIFF");
        }
        buffer_.resize(static_cast<std::size_t>(size));
        std::uint32_t index = 0;
        for (block.sample = 0; block.sample < planes; ++block.sample) {
            for (block.y = 0; block.y < height_; block.y += block.height) {
                for (block.x = 0; block.x < width_; block.x += block.width) {
                    read_block(block, index++, tiled);
                }
            }
        }
        return std::move(samples_);
    }

private:
    static constexpr std::uint64_t kLargeTile = 1U << 24U;  // pixels: 4096 by 4096

    [[nodiscard]] std::size_t samples_in_row() const {
        return planar_ == PLANARCONFIG_SEPARATE ? std::size_t{1} : kind_.samples;
    }
    [[nodiscard]] std::size_t bytes_of(std::size_t pixels) const {
        return (pixels * samples_in_row() * kind_.bits + 7) / 8;
    }

    void read_block(const Block& block, std::uint32_t index, bool tiled) {
        const std::uint32_t rows = std::min(block.height, height_ - block.y);
        const std::uint32_t columns = std::min(block.width, width_ - block.x);
        const std::size_t stride = bytes_of(block.width);
        const auto size = static_cast<tmsize_t>(tiled ? buffer_.size() : stride * rows);
        const tmsize_t got = tiled ? TIFFReadEncodedTile(tiff_, index, buffer_.data(), size)
                                   : TIFFReadEncodedStrip(tiff_, index, buffer_.data(), size);
        if (got < static_cast<tmsize_t>(stride * rows)) {
            refuse_truncated(name_, "TIFF");
        }
        const std::size_t in_row = samples_in_row();
        for (std::uint32_t y = 0; y < rows; ++y) {
            std::uint8_t* to =
                samples_.data() + (std::size_t{block.y + y} * width_ + block.x) * kind_.samples + block.sample;
            for (std::size_t i = 0; i < columns * in_row; ++i) {
                to[i / in_row * kind_.samples + i % in_row] = kind_.sample(buffer_.data() + y * stride, i);
            }
        }
    }

    TIFF* tiff_;
    const TiffKind& kind_;
    const std::string& name_;
    std::uint32_t width_, height_;
    std::uint16_t planar_ = PLANARCONFIG_CONTIG;
    std::vector<std::uint8_t> buffer_, samples_;
};

}  // namespace

Stored decode_tiff(Bytes bytes, const std::string& name) {
    Memory memory{bytes, 0};
    const Tiff tiff = open(memory, name);
    std::uint32_t width = 0, height = 0;
    if (!tiff || TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width) == 0 ||
        TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height) == 0) {
        refuse_truncated(name, "TIFF");
    }
    Stored stored;
    stored.image = allocate(width, height, name);
    const TiffKind kind = kind_of(tiff.get());
    if (const std::string reason = kind.why_not_read(); !reason.empty()) {
        refuse(name, reason, "convert it to PNG");
    }
    const std::vector<std::uint8_t> samples = SampleReader(tiff.get(), kind, stored.image, name).read();
    for (std::size_t i = 0; i < std::size_t{width} * height; ++i) {
        kind.color(samples.data() + i * kind.samples, stored.image.pixels.data() + i * 3);
    }
    std::uint16_t orientation = 1;
    TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
    stored.orientation = orientation;
    if (kind.alpha) {
        stored.notes.emplace_back(kAlphaDropped);
    }
    if (kind.bits == 16) {
        stored.notes.emplace_back(kScaledTo8);
    }
    if (TIFFLastDirectory(tiff.get()) == 0) {
        stored.notes.emplace_back("a TIFF of several pages: the first was taken");
    }
    return stored;
}

}  // namespace pellucid::input
