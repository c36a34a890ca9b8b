// Its create function takes values that its descriptor does not allow; written without LABHOST_PLUGIN, which checks.
#include <labhost/plugin.hpp>

struct Fixture final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));

    Tensor forward(Tensor x) override { return log_softmax(fc(x.flatten(1)), 1); }
};

static constexpr labhost::Descriptor declared{.id = "takes_any_value",
                                              .input = {1, 28, 28},
                                              .classes = 10,
                                              .params = {labhost::real("p", 0.5, {0, 1}, "a probability")}};

static constexpr labhost_descriptor without_check() {
    labhost_descriptor descriptor = labhost::detail::export_descriptor<Fixture, declared>();
    descriptor.create = [](const labhost_value*, void* model, char*, std::size_t) {
        *static_cast<std::shared_ptr<labhost::Model>*>(model) = std::make_shared<Fixture>();
        return 0;
    };
    return descriptor;
}

extern "C" {
__attribute__((visibility("default"))) extern const char fixture_stamp asm(LABHOST_ABI_STAMP);
const char fixture_stamp = 1;
__attribute__((visibility("default"))) extern const labhost_descriptor labhost_plugin;
constinit const labhost_descriptor labhost_plugin = without_check();
}
