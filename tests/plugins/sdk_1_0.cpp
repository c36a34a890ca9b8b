// A plugin as SDK 1.0 made them: its stamp says so, and its descriptor ends with `forward`.
#include <labhost/plugin.hpp>

namespace {

class Old : public labhost::Model {
public:
    Tensor forward(Tensor x) override { return torch::log_softmax(fc(x.flatten(1)), /*dim=*/1); }

private:
    Linear fc = register_module("fc", Linear(784, 10));
};

constexpr labhost::Descriptor declared{.id = "sdk_1_0", .summary = "of SDK 1.0", .input = {1, 28, 28}, .classes = 10};
constexpr labhost_descriptor now = labhost::detail::export_descriptor<Old, declared>();

struct Descriptor10 {
    std::uint32_t struct_size, param_count;
    const labhost_param* params;
    const char *id, *version, *summary;
    std::int64_t input[3], classes;
    decltype(labhost_descriptor::create) create;
    decltype(labhost_descriptor::forward) forward;
};
static_assert(offsetof(Descriptor10, forward) == offsetof(labhost_descriptor, forward));

}  // namespace

extern "C" {
__attribute__((visibility("default"))) extern const char stamp asm(  //
    LABHOST_PREFIX_STAMP
    "sdk_1.0$torch_" TORCH_VERSION "$build_" LABHOST_TEXT(LABHOST_TORCH_BUILD) "$cxx11_" LABHOST_TEXT(
        LABHOST_CXX11_ABI_) "$stdlib_" LABHOST_STDLIB_ "$sanitizer_" LABHOST_SANITIZER_ "$compiler_" LABHOST_COMPILER_);
const char stamp = 1;
// What lies behind it must not be read.
struct Followed {
    Descriptor10 descriptor;
    std::int64_t behind[2];
};
__attribute__((visibility("default"))) extern const Followed labhost_plugin;
constinit const Followed labhost_plugin{{sizeof(Descriptor10),
                                         now.param_count,
                                         now.params,
                                         now.id,
                                         now.version,
                                         now.summary,
                                         {1, 28, 28},
                                         10,
                                         now.create,
                                         now.forward},
                                        {77, 77}};
}
