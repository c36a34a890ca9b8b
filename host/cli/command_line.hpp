// The command line of a verb: each option is declared with its name, help and target in one line, then all are read.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boost::program_options {
class options_description;
}

namespace labhost {

/// What a parser throws: why an option cannot have this value. The user reads "--jobs x: give an integer".
class BadValue : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Throws Error (usage): "labhost VERB: error: MESSAGE (see labhost VERB --help)".
[[noreturn]] void refuse(std::string_view verb, const std::string& message);

/// Declares, reads and explains what a verb takes. Targets must outlive read(); what is not given keeps its value.
/// A parser takes the text of a value, returns what the target is assigned, and throws BadValue, or an Error of its
/// own. Every verb has --no-color and --help too.
class CommandLine {
public:
    /// `typed`: the whole command line, as a shell takes it.
    CommandLine(std::string verb, std::string summary, std::string typed = "");

    const std::string& typed() const { return typed_; }

    /// The next argument that is no option; it must be there.
    void argument(std::string name, std::string& target);

    /// Any number of arguments, none too; no argument() beside it.
    void arguments(std::string name, std::vector<std::string>& target);

    void flag(std::string name, std::string help, bool& target);

    /// An option that may be given once; `take` is called with its text.
    void option(std::string name, std::string placeholder, std::string help,
                std::function<void(const std::string&)> take);

    /// An option that may be given once.
    template <typename Target, typename Parse = std::identity>
    void value(std::string name, std::string placeholder, std::string help, Target& target, Parse parse = {}) {
        option(std::move(name), std::move(placeholder), std::move(help),
               [&target, parse](const std::string& text) { target = parse(text); });
    }

    /// An option that may be given several times; each adds to the target.
    template <typename Element, typename Parse = std::identity>
    void list(std::string name, std::string placeholder, std::string help, std::vector<Element>& target,
              Parse parse = {}) {
        options_.push_back({std::move(name), std::move(placeholder), std::move(help), Option::Kind::list,
                            [&target, parse](const std::string& text) { target.emplace_back(parse(text)); }});
    }

    /// Whether to print in colour: unless --no-color is given or NO_COLOR is set.
    void color(bool& target) { color_ = &target; }

    /// Sets the targets. False, and no target is set, if --help is among the words. Throws Error (usage) for what is
    /// not declared, with the nearest option, and for values that no parser takes.
    bool read(const std::vector<std::string>& words);

    /// "labhost plan EXPERIMENT.toml"
    std::string synopsis() const;

    /// The text of --help.
    std::string help() const;

private:
    struct Option {
        enum class Kind { flag, value, list };
        std::string name{};  ///< "--jobs"
        std::string placeholder{};
        std::string help{};
        Kind kind = Kind::flag;
        std::function<void(const std::string&)> take{};  ///< called for each time that it is given
    };
    struct Argument {
        std::string name{};
        std::string* target{};
    };

    void describe(boost::program_options::options_description& options) const;
    void take_arguments(const std::vector<std::string>& given);

    std::string verb_;
    std::string summary_;
    std::string typed_;
    std::vector<Option> options_{};
    std::vector<Argument> arguments_{};
    std::string rest_name_{};  ///< of any number of arguments
    std::vector<std::string>* rest_ = nullptr;
    bool* color_ = nullptr;
};

}  // namespace labhost
