// Does memory stay flat? Every method is called again and again in one process, on the digit network, each time for another
// class and with another seed; what the process holds after a tenth of the calls (but a hundred at least) must be what it
// holds after all of them.
//
// usage: soak MODEL [CALLS [METHOD]]     prints a line a method; ends with 1 where one grew

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <string>

#include "pellucid/error.hpp"
#include "pellucid/input.hpp"
#include "pellucid/methods.hpp"
#include "pellucid/model.hpp"

namespace {

using namespace pellucid;

/// What a method may keep in the calls that are measured, as a part of the whole. An allocator takes whole arenas for a
/// thread and gives them back, a few hundred KiB of some 100 MB: below 1 %. Of 10,000 calls, 9,000 that forget one row of the
/// digit network (3 KiB) each would be 28 %; the short form's hundred show what forgets 20 KiB a call.
constexpr double kMostGrowth = 0.02;

/// Calls after which every class has been asked several times, and the engine's threads have what they keep.
constexpr long kWarm = 100;

/// Resident bytes of this process, as the system counts them.
double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    long total = 0, resident = 0;
    file >> total >> resident;
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

/// Values that make a call short, for every option of that name; the rest as a user gets it.
std::map<std::string, std::string> short_options(const MethodRow& row) {
    static const std::map<std::string, std::string> kShort{
        {"num_samples", "8"}, {"n_steps", "2"},        {"max_steps", "8"}, {"window", "14"},
        {"stride", "14"},     {"superpixels", "grid"}, {"grid", "4"}};
    std::map<std::string, std::string> options;
    for (const OptionField& field : row.options()) {
        if (const auto found = kShort.find(field.name); found != kShort.end()) {
            options.insert(*found);
        }
    }
    return options;
}

/// A digit of sorts, with its picture, so that methods which need one have it.
Input one_digit(const Model& model) {
    constexpr int kSide = 28;
    Input input;
    input.stem = "digit";
    Image picture{.width = kSide, .height = kSide, .channels = 3, .pixels = {}};
    Array tensor(Shape{1, 1, kSide, kSide});
    for (int at = 0; at < kSide * kSide; ++at) {
        const int column = at % kSide, row = at / kSide;
        const bool ink = row > 3 && row < 24 && column > 11 && column < 16;
        tensor[static_cast<std::size_t>(at)] = ink ? 2.8F : -0.42F;
        picture.pixels.insert(picture.pixels.end(), 3, ink ? std::uint8_t{255} : std::uint8_t{0});
    }
    input.field = {0.0, 0.0, kSide, kSide};
    input.model_picture = Image{.width = kSide, .height = kSide, .channels = 1, .pixels = {}};
    for (std::size_t at = 0; at < picture.pixels.size(); at += 3) {
        input.model_picture->pixels.push_back(picture.pixels[at]);
    }
    input.picture = std::move(picture);
    input.tensors.emplace(model.inputs().at(0).name, std::move(tensor));
    return input;
}

struct Measured {
    double early, late;
    [[nodiscard]] double growth() const { return late / early - 1.0; }
};

Measured measure(const MethodRow& row, const Model& model, const Input& input, long calls) {
    Measured measured{0.0, 0.0};
    Request request;
    request.model = &model;
    request.input = &input;
    request.options = short_options(row);
    for (long call = 0; call < calls; ++call) {
        if (call == std::max(calls / 10, kWarm)) {
            measured.early = resident_bytes();
        }
        request.targets = {Target::index(call % 10)};
        request.run.seed = static_cast<std::uint64_t>(call);
        if (run(row, request).empty()) {
            throw Error(ErrorCode::kInternal, std::string(row.name) + " explained nothing");
        }
    }
    measured.late = resident_bytes();
    return measured;
}

int soak(const char* path, long calls, const std::string& only) {
    const Model model = Model::load(path);
    const Input input = one_digit(model);
    int grown = 0, run_through = 0;
    std::printf("%-24s %12s %12s %9s\n", "METHOD", "EARLY MiB", "LATE MiB", "GROWTH");
    for (const MethodRow& row : methods()) {
        if ((!only.empty() && only != row.name) || !row.refuse(model, short_options(row)).empty()) {
            continue;  // what this model does not admit is none of its business
        }
        ++run_through;
        const Measured measured = measure(row, model, input, calls);
        const bool flat = measured.growth() <= kMostGrowth;
        grown += flat ? 0 : 1;
        std::printf("%-24s %12.2f %12.2f %8.2f%%%s\n", std::string(row.name).c_str(), measured.early / 0x1p20,
                    measured.late / 0x1p20, 100.0 * measured.growth(), flat ? "" : "  GREW");
        std::fflush(stdout);
    }
    std::printf("%ld calls each: %d of %d methods flat within %.0f%%\n", calls, run_through - grown, run_through,
                100.0 * kMostGrowth);
    return grown == 0 && run_through > 0 ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    constexpr long kCalls = 10'000;
    const long calls = count > 2 ? std::strtol(arguments[2], nullptr, 10) : kCalls;
    if (count < 2 || calls <= kWarm) {
        std::fputs("usage: soak MODEL [CALLS [METHOD]]   (more than 100 calls)\n", stderr);
        return 2;
    }
    try {
        return soak(arguments[1], calls, count > 3 ? arguments[3] : "");
    } catch (const std::exception& error) {
        std::fprintf(stderr, "soak: %s\n", error.what());
        return 1;
    }
}
