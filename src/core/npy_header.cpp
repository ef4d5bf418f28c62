#include "core/npy_header.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>

#include "pellucid/error.hpp"

namespace pellucid::core {

namespace {

/// NumPy's own limit on axes since version 2.
constexpr std::size_t kMaxRank = 64;

class HeaderReader {
public:
    HeaderReader(std::string_view text, const std::string& origin) : text_(text), origin_(origin) {}

    NpyHeader read() {
        expect('{');
        bool seen_type = false, seen_order = false, seen_shape = false;
        while (!accept('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr" && !seen_type) {
                seen_type = true;
                read_type();
            } else if (key == "fortran_order" && !seen_order) {
                seen_order = true;
                header_.fortran_order = read_flag();
            } else if (key == "shape" && !seen_shape) {
                seen_shape = true;
                read_shape();
            } else {
                fail("its header has an unexpected key '" + key + "'");
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        if (!seen_type || !seen_order || !seen_shape) {
            fail("its header lacks descr, fortran_order or shape");
        }
        skip_space();
        if (at_ != text_.size()) {
            fail("its header is malformed");
        }
        return header_;
    }

private:
    [[noreturn]] void fail(const std::string& why) const {
        throw Error(ErrorCode::kUnreadable, "cannot read '" + origin_ + "' as a NumPy array: " + why,
                    "save it again with numpy.save from a plain numeric array");
    }
    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) {
            ++at_;
        }
    }
    bool accept(char wanted) {
        skip_space();
        if (at_ < text_.size() && text_[at_] == wanted) {
            ++at_;
            return true;
        }
        return false;
    }
    void expect(char wanted) {
        if (!accept(wanted)) {
            fail("its header is malformed");
        }
    }
    bool accept_word(std::string_view word) {
        skip_space();
        if (text_.substr(at_, word.size()) == word) {
            at_ += word.size();
            return true;
        }
        return false;
    }
    std::string quoted() {
        skip_space();
        const char quote = at_ < text_.size() ? text_[at_] : '\0';
        const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, at_ + 1) : std::string_view::npos;
        if (end == std::string_view::npos) {
            fail("its header is malformed");
        }
        std::string word(text_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        return word;
    }
    bool read_flag() {
        if (accept_word("True")) {
            return true;
        }
        if (!accept_word("False")) {
            fail("its header is malformed");
        }
        return false;
    }
    void read_type() {
        skip_space();
        if (at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '(')) {
            fail("its records are structured");
        }
        const std::string type = quoted();
        if (type.find('O') != std::string::npos) {
            fail("it holds pickled Python objects, which are never loaded");
        }
        const std::string_view kind_and_size = std::string_view(type).substr(type.empty() ? 0 : 1);
        static constexpr std::string_view kKnown[] = {"b1", "i1", "i2", "i4", "i8", "u1",
                                                      "u2", "u4", "u8", "f2", "f4", "f8"};
        const bool ordered = !type.empty() && std::string_view("<>=|").find(type[0]) != std::string_view::npos;
        if (!ordered || std::find(std::begin(kKnown), std::end(kKnown), kind_and_size) == std::end(kKnown)) {
            fail("its values are of type '" + type + "', which is no boolean, integer or float of 2 to 8 bytes");
        }
        header_.kind = kind_and_size[0];
        header_.item_size = static_cast<std::size_t>(kind_and_size[1] - '0');
        header_.big_endian = type[0] == '>';
    }
    void read_shape() {
        expect('(');
        while (!accept(')')) {
            skip_space();
            std::int64_t extent = 0;
            const char* begin = text_.data() + at_;
            const auto [end, failure] = std::from_chars(begin, text_.data() + text_.size(), extent);
            if (failure != std::errc{} || extent < 0 || header_.shape.size() == kMaxRank) {
                fail("its shape is malformed");
            }
            at_ += static_cast<std::size_t>(end - begin);
            (void)accept('L');  // Python 2 wrote long integers so
            header_.shape.push_back(extent);
            if (!accept(',')) {
                expect(')');
                break;
            }
        }
    }

    std::string_view text_;
    const std::string& origin_;
    std::size_t at_ = 0;
    NpyHeader header_;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& origin) {
    return HeaderReader(text, origin).read();
}

}  // namespace pellucid::core
