// Files made to hurt: damaged and contradictory networks, headers that promise more than any memory holds, archives that
// unpack without end, things with names that are no files. One line and exit code 3, or 4 where the file is sound and
// only not supported. The files are made by hostile/make.py and bad_inputs.cpp. (size: table)

#include <gtest/gtest.h>

#include "cli/bad_inputs.hpp"

namespace pellucid::testing {
namespace {

class HostileFile : public ::testing::TestWithParam<BadCase> {};

TEST_P(HostileFile, GetsOneLineAndItsExitCode) { expect_one_line(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Onnx, HostileFile,
    ::testing::Values(BadCase{"Cycle", explain("cycle.onnx", "x.npy"), 3, "cycle.onnx"},
                      BadCase{"UnknownOp", explain("unknown_op.onnx", "x.npy"), 3, "Frobnicate"},
                      BadCase{"UnknownDomain", explain("unknown_domain.onnx", "x.npy"), 3, "com.example.own.Relu"},
                      BadCase{"InputOfNobody", explain("dangling.onnx", "x.npy"), 3, "\"nowhere\""},
                      BadCase{"NoOutput", explain("no_output.onnx", "x.npy"), 3, "no output"},
                      BadCase{"NoNode", explain("no_node.onnx", "x.npy"), 3, "\"y\""},
                      BadCase{"UnknownElementType", explain("unknown_type.onnx", "x.npy"), 3, "Unsupported type"},
                      BadCase{"NumbersThatAreTexts", explain("text_type.onnx", "x.npy"), 3, "text_type.onnx"},
                      BadCase{"OpenRank", explain("no_rank.onnx", "x.npy"), 4,
                              "the number of axes of its input 'x' is open"},
                      BadCase{"OpenRankInspected", {"inspect", "no_rank.onnx"}, 4, "the number of axes"},
                      BadCase{"ShapesThatContradict", explain("wrong_shapes.onnx", "x.npy"), 3, "MatMul"},
                      BadCase{"HugeWeights", explain("huge_weights.onnx", "x.npy"), 3, "'w'"},
                      BadCase{"WeightsBeyondCounting", explain("overflowing_weights.onnx", "x.npy"), 3, "'w'"},
                      BadCase{"WeightsOfNegativeExtent", explain("negative_weights.onnx", "x.npy"), 3, "'w'"},
                      BadCase{"WeightsThatEnd", explain("short_weights.onnx", "x.npy"), 3, "'w'"},
                      BadCase{"HugeInput", explain("huge_input.onnx", "x.npy"), 3, "huge_input.onnx"},
                      BadCase{"HugeConstant", explain("huge_constant.onnx", "x.npy"), 3, "larger than 8 GiB"},
                      BadCase{"NestedWithoutEnd", explain("nested.onnx", "x.npy"), 3, "nested.onnx"},
                      BadCase{"ExternalMissing", explain("external_missing.onnx", "x.npy"), 3, "'absent.bin'"},
                      BadCase{"ExternalEscapes", explain("external_escapes.onnx", "x.npy"), 3, "outside its folder"},
                      BadCase{"ExternalAbsolute", explain("external_absolute.onnx", "x.npy"), 3, "outside its folder"},
                      BadCase{"ExternalTooShort", explain("external_short.onnx", "x.npy"), 3, "short.bin"},
                      BadCase{"ExternalBeyondItsFile", explain("external_long.onnx", "x.npy"), 3, "short.bin"}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Ir, HostileFile,
    ::testing::Values(BadCase{"Cycle", explain("cycle.xml", "x.npy"), 3, "cycle.xml"},
                      BadCase{"UnknownOp", explain("unknown_layer.xml", "x.npy"), 3, "Frobnicate"},
                      BadCase{"WeightsBeyondTheirFile", explain("weights_far.xml", "x.npy"), 3, "weights"},
                      BadCase{"NoWeights", explain("no_weights.xml", "x.npy"), 3, "no_weights.bin"},
                      BadCase{"EdgeToNothing", explain("edge_to_nothing.xml", "x.npy"), 3, "edge_to_nothing.xml"},
                      BadCase{"VersionBeyondNumbers", explain("version.xml", "x.npy"), 3, "its version"},
                      BadCase{"NestedWithoutEnd", explain("deep.xml", "x.npy"), 3, "deep.xml"}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Tflite, HostileFile,
    ::testing::Values(
        BadCase{"ThatKillsItsReader", explain("crash.tflite", "x.npy"), 3, "cannot read the model crash.tflite"},
        BadCase{"ThatKillsItsReaderInspected", {"inspect", "crash.tflite"}, 3, "cannot read the model crash.tflite"}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    NoFile, HostileFile,
    ::testing::Values(
        BadCase{"ModelIsAPipe", explain("pipe.onnx", "digit.npy"), 3, "a pipe or a device"},
        BadCase{"ModelIsADevice", explain("/dev/zero", "digit.npy"), 3, "a pipe or a device"},
        BadCase{"ModelIsALinkToItself", explain("loop.onnx", "digit.npy"), 3, "loop.onnx"},
        BadCase{"ModelOfNoName", explain("", "digit.npy"), 3, "cannot read the model"},
        BadCase{"InputIsAFolder", explain("digits.onnx", "folder.npy"), 3, "it is a folder"},
        BadCase{"InputIsAPipeOfNobody", explain("digits.onnx", "pipe.npy"), 3, "nobody writes to it"},
        BadCase{"InputIsALinkToItself", explain("digits.onnx", "loop.npy"), 3, "loop.npy"},
        BadCase{"InputCannotBeRead", explain("digits.onnx", "unreadable.npy"), 3, "Input/output error"},
        BadCase{"InputOfALongName", explain("digits.onnx", std::string(300, 'n') + ".npy"), 3, "too long"},
        BadCase{"InputWithoutEnd", explain("digits.onnx", "/dev/zero", {"--as", "npy"}), 3, "larger than 1073741824"},
        BadCase{"NothingOnStandardInput", explain("digits.onnx", "-", {"--as", "npy"}), 3, "standard input"},
        BadCase{"CardIsAFolder", explain("digits.onnx", "digit.npy", {"--card", "folder.npy"}), 3, "it is a folder"},
        BadCase{"CardIsAPipeOfNobody", explain("digits.onnx", "digit.npy", {"--card", "pipe.npy"}), 3, "nobody writes"},
        BadCase{"LabelsAreAFolder", {"card", "digits.onnx", "--output", "-", "--labels", "."}, 3, "it is a folder"}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Picture, HostileFile,
    ::testing::Values(BadCase{"HugePng", explain("net.onnx", "huge.png"), 3, "beyond 100 megapixels"},
                      BadCase{"PngBeyondTheLimit", explain("net.onnx", "beyond.png"), 3, "beyond 100 megapixels"},
                      BadCase{"PngThatPromises", explain("net.onnx", "promises.png"), 3, "truncated or damaged"},
                      BadCase{"PngOfNothing", explain("net.onnx", "nothing.png"), 3, "truncated or damaged"},
                      BadCase{"HugeBmp", explain("net.onnx", "huge.bmp"), 3, "beyond 100 megapixels"},
                      BadCase{"HugeTiff", explain("net.onnx", "huge.tif"), 3, "huge.tif"},
                      BadCase{"TiffOfHugeTiles", explain("net.onnx", "tiles.tif"), 3, "truncated or damaged"},
                      BadCase{"TiffWithoutEnd", explain("net.onnx", "endless.tif"), 3, "truncated or damaged"}),
    [](const auto& each) { return std::string(each.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Array, HostileFile,
    ::testing::Values(BadCase{"HugeShape", explain("good.onnx", "huge.npy"), 3, "it is truncated: shape"},
                      BadCase{"ShapeBeyondCounting", explain("good.onnx", "overflowing.npy"), 3, "too large to hold"},
                      BadCase{"NegativeShape", explain("good.onnx", "negative.npy"), 3, "malformed"},
                      BadCase{"DigitsWithoutEnd", explain("good.onnx", "digits_without_end.npy"), 3, "malformed"},
                      BadCase{"HeaderOfNothing", explain("good.onnx", "header_of_nothing.npy"), 3, "truncated"},
                      BadCase{"PickledObjects", explain("good.onnx", "pickled.npy"), 3, "never loaded"},
                      BadCase{"Infinite", explain("good.onnx", "infinite.npy"), 3, "infinite value"},
                      BadCase{"EmptyFile", explain("good.onnx", "empty.npy"), 3, "empty.npy"},
                      BadCase{"Bomb", explain("good.onnx", "bomb.npz"), 3, "unpacks to far more"},
                      BadCase{"SizeThatLies", explain("good.onnx", "lies.npz"), 3, "unpacks to far more"},
                      BadCase{"ArchiveOfTexts", explain("good.onnx", "text.npz"), 3, "which is no array"},
                      BadCase{"ArchiveOfOthers", explain("good.onnx", "other.npz"), 3, "no input 'z'"},
                      BadCase{"EmptyArchive", explain("good.onnx", "empty.npz"), 3, "no array"}),
    [](const auto& each) { return std::string(each.param.name); });

std::vector<std::string> with_card(const std::string& card) {
    return explain("digits.onnx", "digit.npy", {"--card", card + ".card.json"});
}

INSTANTIATE_TEST_SUITE_P(
    Card, HostileFile,
    ::testing::Values(BadCase{"ListsWithoutEnd", with_card("deep"), 3, "is no JSON"},
                      BadCase{"ObjectsWithoutEnd", with_card("deeper"), 3, "is no JSON"},
                      BadCase{"TextForANumber", with_card("tall"), 3, "inputs[0].height must be a number"},
                      BadCase{"ObjectForAList", with_card("object"), 3, "inputs must be a list"},
                      BadCase{"Null", with_card("null"), 3, "must be an object"},
                      BadCase{"HugeNumber", with_card("huge"), 3, "inputs[0].height"},
                      BadCase{"NumberBeyondNumbers", with_card("infinite"), 3, "infinite.card.json"},
                      BadCase{"BytesThatAreNoText", with_card("bytes"), 3, "ill-formed UTF-8"},
                      BadCase{"TooFewLabels", with_card("few"), 3, "has 2 labels"},
                      BadCase{"LabelsWithoutEnd", with_card("endless"), 3, "larger than"},
                      BadCase{"DeviationOfZero", with_card("zero"), 3, "std[0]"},
                      BadCase{"InputOfAnotherNetwork", with_card("other"), 3, "no input 'nowhere'"},
                      BadCase{"IsANetwork", explain("digits.onnx", "digit.npy", {"--card", "digits.onnx"}), 3,
                              "is no JSON"}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace pellucid::testing
