// The optimizers that [trainer] optimizer can name, with torch's keywords and defaults.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/algorithm.hpp"
#include "config/location.hpp"

namespace labhost {

/// A line each; what they compute is in engine/optimizers/.
const Family& optimizer_family();

/// What is written of an optimizer. Without a name it is the notebook's: sgd, lr 0.01, momentum 0.5.
struct OptimizerSettings {
    std::optional<std::string> name{};
    Arguments written{};
    SharedLocation where{};

    const Algorithm& algorithm() const { return optimizer_family().at(name.value_or("sgd")); }
    /// With all defaults.
    Arguments arguments() const;
};

/// Overlays a table: one with another name takes the place of what was written before.
void read_optimizer(StrictTable table, OptimizerSettings& settings);

Json json_of(const OptimizerSettings& settings);

/// Parameters with arguments of their own: those whose name the glob `match` matches (a '*' crosses dots).
struct ParameterGroup {
    std::string match{};
    Arguments written{};
    SharedLocation where{};
};

/// Reads trainer.groups: arguments of any optimizer.
std::vector<ParameterGroup> read_groups(const std::vector<StrictTable>& tables);

/// Those of a group, where they are not its own the optimizer's.
Arguments arguments_of(const OptimizerSettings& settings, const ParameterGroup& group);

Json json_of(const ParameterGroup& group);

/// Throws Error (usage) for what only all layers together show: a required argument that is missing, arguments that do
/// not go together, and a group's that are another optimizer's.
void check_optimizer(const OptimizerSettings& settings, const std::vector<ParameterGroup>& groups);

}  // namespace labhost
