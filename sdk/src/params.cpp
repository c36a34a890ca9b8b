// Look-up of a run's parameter values by name.
#include <stdexcept>
#include <string>

#include <labhost/params.hpp>

namespace labhost {

const labhost_value& Params::find(std::string_view name, labhost_param_type type) const {
    for (std::size_t i = 0; i < declared_.size(); ++i) {
        if (declared_[i].name != name) continue;
        if (declared_[i].type != type)
            throw std::logic_error("the model reads parameter '" + std::string(name) +
                                   "' as another type than its descriptor declares");
        return values_[i];
    }
    throw std::logic_error("the model reads parameter '" + std::string(name) +
                           "', which its descriptor does not declare");
}

void Params::check() const {
    for (std::size_t i = 0; i < declared_.size(); ++i)
        if (!allows(declared_[i], values_[i]))
            throw std::invalid_argument("parameter '" + std::string(declared_[i].name) +
                                        "' has a value that its descriptor does not allow");
}

double Params::real(std::string_view name) const { return find(name, LABHOST_REAL).real; }
std::int64_t Params::integer(std::string_view name) const { return find(name, LABHOST_INTEGER).integer; }
bool Params::boolean(std::string_view name) const { return find(name, LABHOST_BOOLEAN).integer != 0; }
std::string_view Params::choice(std::string_view name) const { return find(name, LABHOST_CHOICE).text; }

}  // namespace labhost
