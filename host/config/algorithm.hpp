// What is chosen by its name, with arguments of its own: an optimizer, a schedule. Each is described once; from that
// are made the reader, a run's record and the documentation.
#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/arguments.hpp"
#include "config/strict_table.hpp"
#include "support/json.hpp"

namespace labhost {

/// The values that may be written for an argument.
struct ArgumentType {
    enum class Kind { flag, integer, number, word, integers, pair } kind = Kind::number;
    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
    bool above_minimum = false;  ///< the minimum itself is refused
    bool below_maximum = false;
    bool float32 = false;              ///< it reaches one, in which it must not become 0 or infinite
    std::vector<std::string> words{};  ///< of a word

    /// "a number from 0", "two numbers, each from 0 to below 1"
    std::string text() const;
};

struct ArgumentDescription {
    std::string name{};
    ArgumentType type{};
    std::optional<Argument> default_value{};  ///< torch's
    bool required = false;                    ///< without a default; else it may be absent
    bool always_recorded = false;             ///< at its default too
};

struct Algorithm {
    std::string name{};
    std::string torch_name{};  ///< the class whose numbers it gives: "torch.optim.AdamW"
    std::vector<ArgumentDescription> arguments{};
    /// Why these arguments, each of which is good, do not go together; "" where they do.
    std::string (*why_not)(const Arguments&) = nullptr;

    const ArgumentDescription* argument(std::string_view key) const;
};

/// All that can be chosen from: one is called `what` in errors ("optimizer").
struct Family {
    std::string what{};
    std::vector<Algorithm> all{};

    std::vector<std::string> names() const;
    /// nullptr for a name of none.
    const Algorithm* find(std::string_view name) const;
    const Algorithm& at(std::string_view name) const { return *find(name); }
};

/// Sets in `into` what the table has of the algorithm's arguments. Throws Error (usage) with the place of a value that
/// is ill-typed or out of range, and of a key that only another algorithm of the family has.
void read_arguments(StrictTable& table, const Family& family, const Algorithm& algorithm, Arguments& into);

/// The same, and passes over the keys of others.
void read_known_arguments(StrictTable& table, const Algorithm& algorithm, Arguments& into);

/// "adam has no momentum; it has lr, betas, eps, weight_decay, amsgrad"
std::string lacks_argument(const Algorithm& algorithm, std::string_view key);

/// `written`, and the default of what it lacks.
Arguments completed(const Algorithm& algorithm, const Arguments& written);

/// The first argument that must be given and is not; "" where there is none.
std::string missing_argument(const Algorithm& algorithm, const Arguments& written);

/// As a run's record holds them: what is always recorded, and what is not at its default. `complete`: with all
/// defaults.
void record_arguments(const Algorithm& algorithm, const Arguments& complete, Json& json);

Json json_of(const Argument& argument);

/// As it is written in TOML: "[0.9, 0.999]".
std::string to_text(const Argument& argument);

}  // namespace labhost
