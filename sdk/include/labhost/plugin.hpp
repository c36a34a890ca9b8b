// All that a model plugin includes: the model's base class, parameters, and LABHOST_PLUGIN.
#pragma once

#include <concepts>
#include <cstdio>
#include <exception>
#include <memory>

#include <torch/version.h>

#include <labhost/abi.h>
#include <labhost/model.hpp>
#include <labhost/params.hpp>

namespace labhost {

/// The sizes of one example, one to four: of an image its channels, height and width ({1, 28, 28}), of a vector its
/// columns ({30}).
struct Shape {
    std::int64_t channels = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::int64_t fourth = 0;

    /// From the first on, none between them left out.
    constexpr bool is_one() const {
        return channels > 0 && height >= 0 && width >= 0 && fourth >= 0 && (height > 0 || width == 0) &&
               (width > 0 || fourth == 0);
    }
};

/// What LABHOST_PLUGIN takes, as designated initialisers in this order.
struct Descriptor {
    static constexpr std::uint32_t max_params = 32;

    const char* id = nullptr;
    const char* version = "1.0.0";
    const char* summary = "";
    Shape input{};
    std::int64_t classes = 0;               ///< that are told apart; or
    std::int64_t outputs = 0;               ///< numbers that are foretold, or labels each of which may be there
    labhost_param params[max_params] = {};  // NOLINT(modernize-avoid-c-arrays): initialised without extra braces

    constexpr std::uint32_t param_count() const {
        std::uint32_t count = 0;
        while (count < max_params && params[count].name != nullptr) ++count;
        return count;
    }
};

namespace detail {

/// Copies what was thrown into the caller's buffer; `error` is always terminated.
inline std::int32_t report(const char* text, char* error, std::size_t size) {
    if (size > 0) std::snprintf(error, size, "%s", text);
    return 1;
}

/// Runs `body` so that no exception leaves the plugin.
template <class Body>
std::int32_t guarded(char* error, std::size_t size, Body body) {
    try {
        body();
        return 0;
    } catch (const c10::Error& e) {
        return report(e.what_without_backtrace(), error, size);
    } catch (const std::exception& e) {
        return report(e.what(), error, size);
    } catch (...) {
        return report("something that is no std::exception was thrown", error, size);
    }
}

template <std::derived_from<Model> M>
std::shared_ptr<Model> build(const Params& params) {
    if constexpr (std::constructible_from<M, const Params&>) {
        return std::make_shared<M>(params);
    } else {
        return std::make_shared<M>();
    }
}

/// Has a public `Tensor loss(Tensor output, Tensor target, Tensor input)`.
template <class M>
concept BringsLoss = requires(M& model, torch::Tensor tensor) {
    { model.loss(tensor, tensor, tensor) } -> std::convertible_to<torch::Tensor>;
};

using LossFunction = decltype(labhost_descriptor::loss);

/// Null where the model has none.
template <std::derived_from<Model> M>
constexpr LossFunction loss_function() {
    if constexpr (BringsLoss<M>) {
        return [](void* model, const void* output, const void* target, const void* input, void* loss, char* error,
                  std::size_t size) {
            return guarded(error, size, [&] {
                // As create made it: a Model, whose derived class this plugin knows.
                *static_cast<torch::Tensor*>(loss) =
                    static_cast<M*>(static_cast<Model*>(model))
                        ->loss(*static_cast<const torch::Tensor*>(output), *static_cast<const torch::Tensor*>(target),
                               *static_cast<const torch::Tensor*>(input));
            });
        };
    } else {
        return nullptr;
    }
}

template <std::derived_from<Model> M, const Descriptor& descriptor>
constexpr labhost_descriptor export_descriptor() {
    return {
        .struct_size = sizeof(labhost_descriptor),
        .param_count = descriptor.param_count(),
        .params = descriptor.params,
        .id = descriptor.id,
        .version = descriptor.version,
        .summary = descriptor.summary,
        .input = {descriptor.input.channels, descriptor.input.height, descriptor.input.width},
        .classes = descriptor.classes,
        .create =
            [](const labhost_value* values, void* model, char* error, std::size_t size) {
                return guarded(error, size, [&] {
                    const Params params({descriptor.params, descriptor.param_count()}, values);
                    params.check();
                    *static_cast<std::shared_ptr<Model>*>(model) = build<M>(params);
                });
            },
        .forward =
            [](void* model, const void* input, void* output, char* error, std::size_t size) {
                return guarded(error, size, [&] {
                    *static_cast<torch::Tensor*>(output) =
                        static_cast<Model*>(model)->forward(*static_cast<const torch::Tensor*>(input));
                });
            },
        .input_4 = descriptor.input.fourth,
        .outputs = descriptor.outputs,
        .loss = loss_function<M>(),
    };
}

}  // namespace detail
}  // namespace labhost

/// Makes the model class a plugin; once per shared library, at namespace scope:
///   LABHOST_PLUGIN(Net2, .id = "net2", .input = {1, 28, 28}, .classes = 10,
///                  .params = {labhost::real("p", 0.5, {0, 1}, "probability of dropping a unit")})
#define LABHOST_PLUGIN(ModelClass, ...)                                                                 \
    static constexpr labhost::Descriptor labhost_plugin_descriptor{__VA_ARGS__};                        \
    static_assert(labhost_plugin_descriptor.id != nullptr, "LABHOST_PLUGIN needs .id");                 \
    static_assert((labhost_plugin_descriptor.classes > 0) != (labhost_plugin_descriptor.outputs > 0),   \
                  "LABHOST_PLUGIN needs .classes, or of a regression .outputs");                        \
    static_assert(labhost_plugin_descriptor.input.is_one(),                                             \
                  "LABHOST_PLUGIN needs .input = {channels, height, width}, or of a vector {columns}"); \
    extern "C" {                                                                                        \
    __attribute__((visibility("default"))) extern const char labhost_stamp asm(LABHOST_ABI_STAMP);      \
    const char labhost_stamp = 1;                                                                       \
    __attribute__((visibility("default"))) extern const labhost_descriptor labhost_plugin;              \
    constinit const labhost_descriptor labhost_plugin =                                                 \
        labhost::detail::export_descriptor<ModelClass, labhost_plugin_descriptor>();                    \
    }                                                                                                   \
    static_assert(true, "a semicolon after LABHOST_PLUGIN(...) is fine")
