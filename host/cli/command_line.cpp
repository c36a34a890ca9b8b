#include "cli/command_line.hpp"

#include <cstdlib>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "support/error.hpp"
#include "support/text.hpp"

namespace labhost {

namespace po = boost::program_options;

namespace {

using Texts = std::vector<std::string>;

constexpr const char* no_color = "no-color";
constexpr const char* help_option = "help";
constexpr const char* argument_option = "argument";  // what is no option, to Boost

/// Without the dashes, as Boost takes it.
std::string bare(const std::string& name) { return name.substr(2); }

/// What was written of an option, each time; a flag's is "".
Texts texts_in(const boost::any& value) {
    if (const auto* texts = boost::any_cast<Texts>(&value)) return *texts;
    const auto* text = boost::any_cast<std::string>(&value);
    return {text == nullptr ? "" : *text};
}

po::variables_map parse(std::string_view verb, const po::options_description& declared, const Texts& words) {
    po::options_description options;
    options.add(declared).add_options()(argument_option, po::value<Texts>());
    po::positional_options_description positional;
    positional.add(argument_option, -1);
    po::variables_map values;
    try {
        const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        po::store(po::command_line_parser(words).options(options).positional(positional).style(style).run(), values);
    } catch (const po::unknown_option& e) {
        Texts names;
        for (const auto& option : declared.options()) names.push_back("--" + option->long_name());
        const std::string& written = e.get_option_name();
        refuse(verb, fmt::format("unknown option {}{}", written, did_you_mean(written, names)));
    } catch (const po::error& e) {
        refuse(verb, e.what());
    }
    return values;
}

}  // namespace

void refuse(std::string_view verb, const std::string& message) {
    throw Error(ExitCode::usage, fmt::format("labhost {}: error: {} (see labhost {} --help)", verb, message, verb));
}

CommandLine::CommandLine(std::string verb, std::string summary, std::string typed)
    : verb_(std::move(verb)), summary_(std::move(summary)), typed_(std::move(typed)) {}

void CommandLine::argument(std::string name, std::string& target) { arguments_.push_back({std::move(name), &target}); }

void CommandLine::arguments(std::string name, std::vector<std::string>& target) {
    rest_name_ = std::move(name);
    rest_ = &target;
}

void CommandLine::flag(std::string name, std::string help, bool& target) {
    options_.push_back(
        {std::move(name), "", std::move(help), Option::Kind::flag, [&target](const std::string&) { target = true; }});
}

void CommandLine::option(std::string name, std::string placeholder, std::string help,
                         std::function<void(const std::string&)> take) {
    options_.push_back(
        {std::move(name), std::move(placeholder), std::move(help), Option::Kind::value, std::move(take)});
}

void CommandLine::describe(po::options_description& options) const {
    auto add = options.add_options();
    for (const Option& option : options_) {
        const std::string name = bare(option.name);
        if (option.kind == Option::Kind::flag)
            add(name.c_str(), option.help.c_str());
        else if (option.kind == Option::Kind::value)
            add(name.c_str(), po::value<std::string>()->value_name(option.placeholder), option.help.c_str());
        else
            add(name.c_str(), po::value<Texts>()->value_name(option.placeholder)->composing(), option.help.c_str());
    }
    add(no_color, "no colours (NO_COLOR is honoured too)");
    add(help_option, "this text");
}

void CommandLine::take_arguments(const std::vector<std::string>& given) {
    if (rest_ != nullptr) {
        *rest_ = given;
        return;
    }
    if (given.size() > arguments_.size()) refuse(verb_, fmt::format("'{}' is one argument too many", given.back()));
    if (given.size() < arguments_.size()) refuse(verb_, fmt::format("name the {}", arguments_[given.size()].name));
    for (std::size_t i = 0; i < given.size(); ++i) *arguments_[i].target = given[i];
}

bool CommandLine::read(const std::vector<std::string>& words) {
    po::options_description declared;
    describe(declared);
    const po::variables_map values = parse(verb_, declared, words);
    if (values.count(help_option) != 0) return false;
    take_arguments(values.count(argument_option) != 0 ? texts_in(values[argument_option].value()) : Texts{});
    for (const Option& option : options_) {
        if (values.count(bare(option.name)) == 0) continue;
        for (const std::string& text : texts_in(values[bare(option.name)].value())) {
            try {
                option.take(text);
            } catch (const BadValue& e) {
                refuse(verb_, fmt::format("{} {}: {}", option.name, text, e.what()));
            }
        }
    }
    const char* environment = std::getenv("NO_COLOR");
    if (color_ != nullptr) *color_ = values.count(no_color) == 0 && (environment == nullptr || *environment == '\0');
    return true;
}

std::string CommandLine::synopsis() const {
    std::string text = "labhost " + verb_;
    for (const Argument& argument : arguments_) text.append(" ").append(argument.name);
    return rest_ == nullptr ? text : text + " " + rest_name_ + "...";
}

std::string CommandLine::help() const {
    po::options_description options("Options", 100);
    describe(options);
    std::ostringstream text;
    text << synopsis() << ": " << summary_ << "\n\n" << options;
    return text.str();
}

}  // namespace labhost
