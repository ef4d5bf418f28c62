#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "pellucid/error.hpp"
#include "render/caption.hpp"
#include "render/panel.hpp"

namespace pellucid {

namespace {

using namespace render;

constexpr int kWidth = 1600, kMargin = 44, kGap = 28, kColumns = 4;
constexpr std::uint32_t kPage = 0xfcfcfa, kInk = 0x1a1a1a, kGray = 0x5a5a5a;
constexpr double kTitleSize = 30.0, kNameSize = 17.0, kNoteSize = 13.5, kBarHeight = 8.0, kBarSize = 12.0;

/// What is measured before the sheet's height is known.
struct Cell {
    std::unique_ptr<Text> name, note;
    std::optional<Panel> panel;   ///< none: the picture itself
    Image picture;                ///< as large as the panels, where there is none
};

struct Grid {
    int columns = 1, cell_width = 0;
    int picture_width = 0, picture_height = 0;
    double name_height = 0.0, note_height = 0.0, bar_height = 0.0;

    [[nodiscard]] int cell_height() const {
        return static_cast<int>(std::ceil(name_height + 6.0 + picture_height + 8.0 + bar_height + 3.0 + note_height));
    }
};

Grid grid_for(const Image& picture, std::size_t cells) {
    Grid grid;
    grid.columns = static_cast<int>(std::min<std::size_t>(cells, kColumns));
    // Five and six look better as rows of three.
    grid.columns = cells == 5 || cells == 6 ? 3 : grid.columns;
    grid.cell_width = (kWidth - 2 * kMargin - (grid.columns - 1) * kGap) / grid.columns;
    // Upright pictures are held to the height of a square, or the sheet would not fit a screen.
    const double scale = std::min(static_cast<double>(grid.cell_width) / picture.width,
                                  static_cast<double>(grid.cell_width) / picture.height);
    grid.picture_width = std::max(1, static_cast<int>(std::lround(picture.width * scale)));
    grid.picture_height = std::max(1, static_cast<int>(std::lround(picture.height * scale)));
    return grid;
}

std::vector<Cell> make_cells(const Image& picture, const Placement& at, int channel_axis,
                             const std::vector<ContactSheetCell>& asked, const OverlayOptions& options) {
    const TextStyle name{.size = kNameSize, .bold = true, .color = kInk};
    const TextStyle note{.size = kNoteSize, .color = kGray, .lines = 2};
    const double width = std::max(at.width, 220);
    std::vector<Cell> cells(1);
    cells[0].picture = shown(picture, at.width, at.height);
    cells[0].name = std::make_unique<Text>("the picture", name, width);
    cells[0].note = std::make_unique<Text>(
        std::to_string(picture.width) + "×" + std::to_string(picture.height) +
            (at.whole() ? ", all of it seen by the network" : "; the network sees what is framed"),
        note, width);
    for (const ContactSheetCell& cell : asked) {
        cells.push_back({std::make_unique<Text>(method_text(*cell.explanation), name, width),
                         std::make_unique<Text>(cell.note, note, width),
                         make_panel(*cell.explanation, picture, at, channel_axis, options),
                         {}});
    }
    return cells;
}

void measure(Grid& grid, const std::vector<Cell>& cells) {
    for (const Cell& cell : cells) {
        grid.name_height = std::max(grid.name_height, cell.name->extent().height);
        grid.note_height = std::max(grid.note_height, cell.note->extent().height);
    }
    grid.bar_height = kBarHeight + 2.0 + Text("0", {.size = kBarSize}).extent().height;
}

void draw_cell(Canvas& canvas, const Grid& grid, const Cell& cell, const Placement& at, const Box& box) {
    canvas.text(*cell.name, box.x, box.y + grid.name_height - cell.name->extent().height);
    const double top = std::ceil(box.y + grid.name_height + 6.0);
    double below = top + grid.picture_height + 8.0;
    if (cell.panel) {
        draw_panel(canvas, *cell.panel, box.x, top, 12.0);
        const double bar_width = std::min(std::max(grid.picture_width, 160), grid.cell_width);
        draw_color_bar(canvas, *cell.panel, {box.x, below, bar_width, kBarHeight}, kBarSize);
        below += grid.bar_height + 3.0;
    } else {
        canvas.picture(cell.picture, box.x, top);
        draw_field(canvas, at, box.x, top);
    }
    canvas.text(*cell.note, box.x, below);
}

std::string footnote(const OverlayOptions& options) {
    return "channels summed, where they differ · each map has its own scale, which ends at the " +
           number_text(options.percentile, 6) + "th percentile of its |values| (weights of features: the largest)";
}

}  // namespace

std::string draw_contact_sheet(const Image& picture, const std::array<double, 4>& field, int channel_axis,
                               const ContactSheet& sheet, const OverlayOptions& options) {
    check_picture(picture);
    if (sheet.cells.empty()) {
        throw Error(ErrorCode::kUsage, "a contact sheet of no explanations cannot be drawn");
    }
    Grid grid = grid_for(picture, sheet.cells.size() + 1);
    const Placement at = place(picture, field, grid.picture_width, grid.picture_height);
    const std::vector<Cell> drawn = make_cells(picture, at, channel_axis, sheet.cells, options);
    measure(grid, drawn);

    const double inner = kWidth - 2 * kMargin;
    const Text heading(sheet.title, {.size = kTitleSize, .bold = true, .color = kInk}, inner);
    const Text foot(footnote(options), {.size = kNoteSize, .color = kGray, .lines = 2}, inner);
    const int rows = (static_cast<int>(drawn.size()) + grid.columns - 1) / grid.columns;
    const int top = static_cast<int>(std::ceil(kMargin - 12 + heading.extent().height + 14.0));
    const int end = top + rows * grid.cell_height() + (rows - 1) * kGap;
    const int height = static_cast<int>(std::ceil(end + 22.0 + foot.extent().height)) + kMargin - 14;

    Canvas canvas(kWidth, height, options.format, kPage);
    canvas.text(heading, kMargin, kMargin - 12);
    for (std::size_t i = 0; i < drawn.size(); ++i) {
        const int column = static_cast<int>(i) % grid.columns, row = static_cast<int>(i) / grid.columns;
        draw_cell(canvas, grid, drawn[i], at,
                  {static_cast<double>(kMargin + column * (grid.cell_width + kGap)),
                   static_cast<double>(top + row * (grid.cell_height() + kGap)), static_cast<double>(grid.cell_width),
                   static_cast<double>(grid.cell_height())});
    }
    canvas.text(foot, kMargin, end + 22.0);
    return canvas.encoded(false);
}

}  // namespace pellucid
