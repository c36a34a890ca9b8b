// Tables as spreadsheets and pandas save them: a line of names, then a line of numbers for each example.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "data/raw_data.hpp"
#include "support/error.hpp"
#include "support/files.hpp"
#include "support/hash.hpp"
#include "support/text.hpp"

namespace labhost {

namespace fs = std::filesystem;

namespace {

/// Lines of cells; a cell in quotes may hold commas, quotes (doubled) and line ends.
class CsvReader {
public:
    CsvReader(std::string_view text, std::string name) : rest_(text), name_(std::move(name)) {
        if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);  // as some programs mark UTF-8
    }

    /// The cells of the next line that is not empty; none at the end.
    std::vector<std::string> line() {
        std::vector<std::string> cells;
        while (!rest_.empty() && cells.empty()) {
            line_ = next_line_;
            do cells.push_back(cell());
            while (take(','));
            if (!rest_.empty() && !take('\n')) fail("has something behind a cell in quotes");
            ++next_line_;
            if (cells.size() == 1 && cells[0].empty()) cells.clear();
        }
        return cells;
    }

    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ExitCode::usage, fmt::format("{}:{}: error: {}", name_, line_, what));
    }

private:
    bool take(char wanted) {
        if (wanted == '\n' && rest_.starts_with("\r\n")) rest_.remove_prefix(1);
        if (!rest_.starts_with(wanted)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    std::string cell() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
        if (take('"')) return quoted();
        const std::string_view text = rest_.substr(0, rest_.find_first_of(",\n"));
        rest_.remove_prefix(text.size());
        const std::size_t end = text.find_last_not_of(" \t\r");
        return std::string(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
    }

    std::string quoted() {
        std::string text;
        for (;;) {
            if (rest_.empty()) fail("has a cell in quotes that does not end");
            const char next = rest_.front();
            rest_.remove_prefix(1);
            if (next == '\n') ++next_line_;
            if (next == '"' && !take('"')) break;
            text += next;
        }
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
        return text;
    }

    std::string_view rest_;
    std::string name_;
    std::size_t line_ = 1;
    std::size_t next_line_ = 1;
};

double number_of(const CsvReader& reader, const std::string& cell, const std::string& column) {
    double number = 0.0;
    const bool has_plus = cell.starts_with('+') && !cell.starts_with("+-");
    const auto [end, error] = std::from_chars(cell.data() + (has_plus ? 1 : 0), cell.data() + cell.size(), number);
    if (cell.empty())
        reader.fail(fmt::format("column '{}' is empty; leave such lines out, or fill in a number", column));
    if (error != std::errc() || end != cell.data() + cell.size())
        reader.fail(fmt::format("column '{}' holds '{}', no number; give texts numbers, or leave the column out",
                                column, printable(cell)));
    return number;
}

void append(double number, Array& array) {
    const std::size_t at = array.bytes.size();
    array.bytes.resize(at + sizeof number);
    std::memcpy(array.bytes.data() + at, &number, sizeof number);
}

}  // namespace

RawData read_csv(const fs::path& file, const std::string& target, const Location& where) {
    const std::string text = read_file(file);
    CsvReader reader(text, file.native());
    const std::vector<std::string> names = reader.line();
    if (names.size() < 2)
        reader.fail(
            fmt::format("has no line of names, separated by commas: two columns at least, of which one is the target{}",
                        text.find(';') != std::string::npos ? " (';' does not separate)" : ""));
    std::set<std::string_view> seen;
    for (const std::string& name : names) {
        if (name.empty())
            reader.fail("has a column without a name, as the index that pandas writes; leave it out (index=False)");
        if (!seen.insert(name).second) reader.fail(fmt::format("has two columns named '{}'", printable(name)));
    }
    const auto found = std::ranges::find(names, target);
    if (target.empty() || found == names.end())
        fail_at(where, fmt::format("data.target {}; write target = \"COLUMN\", one of {}{}",
                                   target.empty() ? "is not written" : fmt::format("= '{}' is no column", target),
                                   join(names), target.empty() ? "" : did_you_mean(target, names)));
    const auto target_at = static_cast<std::size_t>(found - names.begin());
    RawData data{.sha256 = {sha256(text)}};
    Array& inputs = data.train.inputs.array;
    Array& targets = data.train.targets.array;
    inputs.type = targets.type = ElementType::float64;
    std::int64_t count = 0;
    for (auto cells = reader.line(); !cells.empty(); cells = reader.line(), ++count) {
        if (cells.size() != names.size())
            reader.fail(fmt::format("has {} cells, the line of names {}", cells.size(), names.size()));
        for (std::size_t column = 0; column < cells.size(); ++column)
            append(number_of(reader, cells[column], names[column]), column == target_at ? targets : inputs);
    }
    inputs.sizes = {count, static_cast<std::int64_t>(names.size()) - 1};
    targets.sizes = {count};
    data.train.inputs.where = data.train.targets.where = file.native();
    return data;
}

}  // namespace labhost
