#include "data/npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace {

struct NpyType {
    std::string_view descr;  ///< without the byte order
    ElementType type;
};
constexpr std::array<NpyType, 12> npy_types{{{"b1", ElementType::boolean},
                                             {"u1", ElementType::uint8},
                                             {"i1", ElementType::int8},
                                             {"u2", ElementType::uint16},
                                             {"i2", ElementType::int16},
                                             {"u4", ElementType::uint32},
                                             {"i4", ElementType::int32},
                                             {"u8", ElementType::uint64},
                                             {"i8", ElementType::int64},
                                             {"f2", ElementType::float16},
                                             {"f4", ElementType::float32},
                                             {"f8", ElementType::float64}}};

/// The header's Python literal: { 'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class Header {
public:
    Header(std::string_view text, const std::string& name) : rest_(text), name_(name) { parse(); }

    std::string_view descr{};
    std::optional<bool> by_columns{};
    std::optional<std::vector<std::int64_t>> shape{};

private:
    [[noreturn]] void fail(std::string_view what) const {
        throw Error(ExitCode::usage, fmt::format("{}: error: its header {}; the file is damaged", name_, what));
    }

    void skip_spaces() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n\t"), rest_.size())); }

    bool take(char wanted) {
        skip_spaces();
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void expect(char wanted) {
        if (!take(wanted)) fail(fmt::format("lacks a '{}'", wanted));
    }

    std::string_view word() {
        skip_spaces();
        const char quote = rest_.empty() ? '\0' : rest_.front();
        if (quote != '\'' && quote != '"') fail("lacks a text where one must be");
        const std::size_t end = rest_.find(quote, 1);
        if (end == std::string_view::npos) fail("has a text that does not end");
        const std::string_view text = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        return text;
    }

    bool boolean() {
        skip_spaces();
        for (const bool value : {true, false}) {
            const std::string_view text = value ? "True" : "False";
            if (!rest_.starts_with(text)) continue;
            rest_.remove_prefix(text.size());
            return value;
        }
        fail("has a fortran_order that is neither True nor False");
    }

    std::vector<std::int64_t> tuple() {
        constexpr std::size_t most_axes = 32;  // NumPy's
        std::vector<std::int64_t> numbers;
        expect('(');
        while (!take(')')) {
            skip_spaces();
            std::int64_t number = 0;
            const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
            if (error != std::errc() || number < 0 || numbers.size() == most_axes) fail("has a shape that is none");
            rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
            numbers.push_back(number);
            if (!take(',')) {
                expect(')');
                break;
            }
        }
        return numbers;
    }

    void parse() {
        expect('{');
        while (!take('}')) {
            const std::string_view key = word();
            expect(':');
            skip_spaces();
            if (key == "descr") {
                if (rest_.starts_with('['))
                    throw Error(ExitCode::usage,
                                fmt::format("{}: error: holds records of several fields; save a plain array of numbers",
                                            name_));
                descr = word();
            } else if (key == "fortran_order") {
                by_columns = boolean();
            } else if (key == "shape") {
                shape = tuple();
            } else {
                fail(fmt::format("has a key '{}', which the format has not", printable(key)));
            }
            if (!take(',')) {
                expect('}');
                break;
            }
        }
        if (descr.empty() || !by_columns || !shape) fail("lacks descr, fortran_order or shape");
    }

    std::string_view rest_;
    const std::string& name_;
};

ElementType type_of(std::string_view descr, const std::string& name) {
    const std::string_view kind = descr.substr(std::min<std::size_t>(1, descr.size()));
    const auto found = std::ranges::find(npy_types, kind, &NpyType::descr);
    if (found == npy_types.end() || std::string_view("<>|=").find(descr.front()) == std::string_view::npos) {
        const std::string_view what = kind.starts_with('O')   ? "Python's objects, as ragged arrays are"
                                      : kind.starts_with('U') ? "texts"
                                      : kind.starts_with('c') ? "complex numbers"
                                                              : "elements that are no numbers";
        throw Error(ExitCode::usage, fmt::format("{}: error: holds {} (dtype '{}'); save it as an array of numbers, of "
                                                 "one shape: numpy.asarray(..., dtype=numpy.float32)",
                                                 name, what, printable(descr)));
    }
    return found->type;
}

/// From columns to rows: the first axis varied fastest.
void to_rows(Array& array) {
    const std::size_t element = size_of(array.type);
    const std::vector<std::uint8_t> columns = array.bytes;
    std::vector<std::size_t> steps;  // in the columns, of each axis
    std::size_t step = element;
    for (const std::int64_t size : array.sizes) {
        steps.push_back(step);
        step *= static_cast<std::size_t>(size);
    }
    std::vector<std::int64_t> at(array.sizes.size());
    std::size_t from = 0;
    for (std::size_t to = 0; to < array.bytes.size(); to += element) {
        std::memcpy(array.bytes.data() + to, columns.data() + from, element);
        for (std::size_t axis = at.size(); axis-- > 0;) {
            from += steps[axis];
            if (++at[axis] < array.sizes[axis]) break;
            from -= steps[axis] * static_cast<std::size_t>(at[axis]);
            at[axis] = 0;
        }
    }
}

}  // namespace

Array read_npy(std::string_view bytes, const std::string& name) {
    const auto fail = [&](const std::string& what) {
        throw Error(ExitCode::usage, fmt::format("{}: error: {}", name, what));
    };
    constexpr std::string_view magic = "\x93NUMPY";
    if (!bytes.starts_with(magic)) fail("is no .npy file: it does not begin with \\x93NUMPY");
    constexpr std::size_t fixed = 8;  // the magic text and the version
    const auto byte = [&](std::size_t at) { return std::size_t{static_cast<std::uint8_t>(bytes[at])}; };
    const std::size_t digits = bytes.size() > fixed && byte(6) == 1 ? 2 : 4;
    if (bytes.size() < fixed + digits) fail("is truncated: it ends inside its header");
    if (byte(6) < 1 || byte(6) > 3) fail(fmt::format("is of version {} of the format, not 1 to 3", byte(6)));
    std::size_t length = 0;
    for (std::size_t i = 0; i < digits; ++i) length |= byte(fixed + i) << (8 * i);
    if (length > bytes.size() - fixed - digits) fail("is truncated: it ends inside its header");
    const Header header(bytes.substr(fixed + digits, length), name);
    Array array{.type = type_of(header.descr, name), .sizes = *header.shape};
    const std::string_view values = bytes.substr(fixed + digits + length);
    const std::int64_t elements = product(array.sizes);
    if (elements < 0) fail("has a header that promises more than a terabyte; the file is damaged");
    const std::size_t promised = static_cast<std::size_t>(elements) * size_of(array.type);
    if (values.size() != promised)
        fail(fmt::format("is {}: its header promises {} bytes of values ({} of {}), it holds {}",
                         values.size() < promised ? "truncated" : "too long", promised, array.shape(), header.descr,
                         values.size()));
    array.bytes.assign(values.begin(), values.end());
    const char other_order = std::endian::native == std::endian::little ? '>' : '<';
    if (header.descr.front() == other_order) swap_bytes(array);
    if (*header.by_columns && array.sizes.size() > 1) to_rows(array);
    return array;
}

}  // namespace labhost
