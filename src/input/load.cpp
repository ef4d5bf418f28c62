#include "input/load.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iostream>
#include <iterator>
#include <span>

#include "core/files.hpp"
#include "core/npy.hpp"
#include "core/suggest.hpp"
#include "input/npy_type.hpp"
#include "input/picture.hpp"
#include "input/picture_fit.hpp"
#include "input/tensors.hpp"
#include "pellucid/error.hpp"

namespace pellucid::input {
namespace {

constexpr const char* kStandardInput = "-";

std::string extension_of(const std::string& source) {
    std::string extension = std::filesystem::path(source).extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

/// image, npy, npz, text, csv or wav.
std::string kind_of(const std::string& source, const std::string& as) {
    static const std::vector<std::string> kKinds{"image", "npy", "npz", "text", "csv", "wav"};
    if (!as.empty()) {
        if (std::find(kKinds.begin(), kKinds.end(), as) == kKinds.end()) {
            throw Error(ErrorCode::kUsage, "--as " + as + " is not a kind of input", core::did_you_mean(as, kKinds));
        }
        return as;
    }
    if (source == kStandardInput) {
        throw Error(ErrorCode::kUsage, "standard input has no extension to tell what it holds",
                    "add --as image or npy");
    }
    const std::string extension = extension_of(source);
    if (extension == ".npy" || extension == ".npz" || extension == ".csv" || extension == ".wav") {
        return extension.substr(1);
    }
    return extension == ".txt" ? "text" : "image";
}

std::vector<std::byte> read_bytes(const std::string& source) {
    if (source != kStandardInput) {
        return core::read_whole(source);
    }
    std::vector<std::byte> bytes;
    for (std::vector<char> chunk(1U << 20U); std::cin.read(chunk.data(), std::ssize(chunk)), std::cin.gcount() > 0;) {
        const auto read = std::as_bytes(std::span(chunk)).first(static_cast<std::size_t>(std::cin.gcount()));
        bytes.insert(bytes.end(), read.begin(), read.end());
        if (bytes.size() > core::kMostFromPipe) {
            throw Error(ErrorCode::kUnreadable,
                        "standard input goes on after " + std::to_string(core::kMostFromPipe) + " bytes",
                        "give the input as a file");
        }
    }
    return bytes;
}

std::string shown_name(const std::string& source) { return source == kStandardInput ? "standard input" : source; }

const TensorInfo& only_input(const Taker& taker, const std::string& source) {
    if (taker.inputs.size() != 1) {
        throw Error(ErrorCode::kUnsupported,
                    shown_name(source) + ": the model takes " + std::to_string(taker.inputs.size()) + " inputs",
                    "give an .npz with one array for each, by input name");
    }
    return taker.inputs[0];
}

void load_picture(const Taker& taker, Input& input) {
    const TensorInfo& wanted = only_input(taker, input.source);
    const std::string name = shown_name(input.source);
    Picture picture = decode_picture(read_bytes(input.source), name);
    if (taker.card.inputs.empty() || taker.card.inputs[0].modality != Modality::kImage) {
        throw Error(
            ErrorCode::kUnsupported,
            name + ": neither the model's card nor its graph says that input '" + wanted.name + "' is a picture",
            "write a card (pellucid card), or give an .npy in the network's shape");
    }
    const InputCard& card = taker.card.inputs[0];
    FittedPicture fitted = fit_picture(picture.image, card);
    input.notes = std::move(picture.notes);
    input.notes.insert(input.notes.end(), fitted.notes.begin(), fitted.notes.end());
    input.tensors.emplace(wanted.name, as_network_takes(normalise(fitted.image, card), wanted, name, input.notes));
    input.picture = std::move(picture.image);
    input.model_picture = std::move(fitted.image);
    input.field = fitted.field;
}

void load_npy(const Taker& taker, Input& input) {
    const TensorInfo& wanted = only_input(taker, input.source);
    const std::string name = shown_name(input.source);
    const std::vector<std::byte> bytes = read_bytes(input.source);
    Array array = core::parse_npy(bytes, name);
    note_conversion(bytes, name, input.notes);
    input.tensors.emplace(wanted.name, as_network_takes(std::move(array), wanted, name, input.notes));
}

void load_npz(const Taker& taker, Input& input) {
    if (input.source == kStandardInput) {
        throw Error(ErrorCode::kUnsupported, "an .npz is not read from standard input", "give the file by its path");
    }
    input.tensors = match_inputs(core::read_npz(input.source), taker.inputs, input.source, input.notes);
}

[[noreturn]] void refuse_kind(const std::string& source, const std::string& kind) {
    const std::string name = shown_name(source);
    if (kind == "csv") {
        throw Error(ErrorCode::kUnsupported, name + ": tables are not read yet: each row is an input of its own",
                    "give one row as an .npy in the network's shape");
    }
    throw Error(ErrorCode::kUnsupported,
                name + ": " + (kind == "text" ? "texts are" : "sound is") +
                    " not read yet: it needs the model's own preparation",
                "prepare it outside and give an .npy in the network's shape");
}

}  // namespace

Input load(const Taker& taker, const std::string& source, const std::string& as) {
    const std::string kind = kind_of(source, as);
    Input input;
    input.source = source;
    input.stem = source == kStandardInput ? "stdin" : std::filesystem::path(source).stem().string();
    if (kind == "image") {
        load_picture(taker, input);
    } else if (kind == "npy") {
        load_npy(taker, input);
    } else if (kind == "npz") {
        load_npz(taker, input);
    } else {
        refuse_kind(source, kind);
    }
    return input;
}

Input load(const Model& model, const std::string& source, const std::string& as) {
    return load(Taker{model.inputs(), model.card()}, source, as);
}

}  // namespace pellucid::input
