// The optimizers that there are: what each file here defines.
#pragma once

#include <memory>

#include "engine/optimizers/rule.hpp"

namespace labhost {

std::unique_ptr<OptimizerRule> make_adadelta(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_adagrad(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_adam(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_adamax(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_adamw(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_asgd(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_nadam(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_radam(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_rmsprop(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_rprop(const Arguments& arguments);
std::unique_ptr<OptimizerRule> make_sgd(const Arguments& arguments);

}  // namespace labhost
