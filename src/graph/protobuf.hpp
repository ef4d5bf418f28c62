#pragma once

#include <cstdint>
#include <string_view>

namespace pellucid::graph {

/// One field of a protocol buffer message.
struct Field {
    std::uint64_t number = 0, value = 0;    // value: of a varint
    std::string_view bytes;                 // of a length-delimited field
};

/// Reads the fields of a message in turn; `broken` once a length leaves the message.
class Message {
public:
    explicit Message(std::string_view bytes) : rest_(bytes) {}

    bool next(Field& field) {
        if (rest_.empty() || broken) {
            return false;
        }
        const std::uint64_t key = varint();
        field = {key >> 3U, 0, {}};
        switch (key & 7U) {
            case 0:
                field.value = varint();
                break;
            case 1:
                take(8);
                break;
            case 2:
                field.bytes = take(varint());
                break;
            case 5:
                take(4);
                break;
            default:
                broken = true;
        }
        return !broken && field.number != 0;
    }

    /// Whether every field was read to the end.
    [[nodiscard]] bool whole() const { return !broken && rest_.empty(); }

    bool broken = false;

private:
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(rest_.front());
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if ((byte & 0x80U) == 0) {
                return value;
            }
        }
        broken = true;
        return 0;
    }

    std::string_view take(std::uint64_t length) {
        if (broken || length > rest_.size()) {
            broken = true;
            return {};
        }
        const std::string_view taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }

    std::string_view rest_;
};

/// Visits each field; false where the message is broken.
template <class Visit>
bool each_field(std::string_view bytes, const Visit& visit) {
    Message message(bytes);
    for (Field field; message.next(field);) {
        visit(field);
    }
    return message.whole();
}

}  // namespace pellucid::graph
