#include "support/output_tail.hpp"

#include <utility>

namespace labhost {

namespace {

constexpr std::size_t output_kept = 2000;

}  // namespace

OutputTail::OutputTail(std::function<void(std::string_view)> on_line) : on_line_(std::move(on_line)) {}

void OutputTail::add(std::string_view bytes) {
    text_.append(bytes);
    if (text_.size() > 2 * output_kept) cut();
    line_.append(bytes);
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = line_.find('\n', begin)) != std::string::npos; begin = end + 1)
        if (on_line_) on_line_(std::string_view(line_).substr(begin, end - begin));
    line_.erase(0, begin);
    if (line_.size() > output_kept) finish_line();  // a line without end would take memory without end
}

void OutputTail::finish_line() {
    if (!line_.empty() && on_line_) on_line_(line_);
    line_.clear();
}

std::string OutputTail::text() {
    cut();
    while (!text_.empty() && (text_.back() == '\n' || text_.back() == ' ')) text_.pop_back();
    return text_;
}

void OutputTail::cut() {
    if (text_.size() <= output_kept) return;
    text_.erase(0, text_.size() - output_kept);
    text_.erase(0, text_.find('\n') + 1);
}

}  // namespace labhost
