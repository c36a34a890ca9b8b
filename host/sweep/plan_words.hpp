// What a plan says of its data, and what it warns of.
#pragma once

#include <string>
#include <vector>

#include "sweep/plan.hpp"

namespace labhost {

/// "mnist: 55,000 to train, 5,000 to validate, 10,000 to test; 860 steps an epoch": each once, in the order of the
/// runs.
std::vector<std::string> data_words(const Plan& plan);

/// What is allowed and likely a mistake, each once: epochs chosen by test data, which flatters; a last batch of one,
/// with which batch normalisation fails.
std::vector<std::string> plan_warnings(const Plan& plan);

}  // namespace labhost
