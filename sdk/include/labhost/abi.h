/* The binary interface between a labhost host and a model plugin, in plain C.
 *
 * A plugin exports two symbols and nothing else:
 *   - the stamp: a byte whose NAME says what the plugin was built with (LABHOST_ABI_STAMP). A host reads it
 *     from the symbol table, without loading the file, and refuses a mismatch before any of its code runs;
 *   - `labhost_plugin`: a constant of type labhost_descriptor.
 * Plugin authors do not use this header: <labhost/plugin.hpp> fills it in. */
#ifndef LABHOST_ABI_H
#define LABHOST_ABI_H

/* NOLINTBEGIN(modernize-*): plain C */
#include <stddef.h>
#include <stdint.h>

/* The SDK's version, and the one place where it is written (CMake reads it from here).
 * A plugin built with 1.x loads in every host 1.y with y >= x. */
#define LABHOST_SDK_MAJOR 1
#define LABHOST_SDK_MINOR 1

#define LABHOST_PREFIX_STAMP "labhost_abi$"
#define LABHOST_PLUGIN_SYMBOL "labhost_plugin"
#define LABHOST_ERROR_SIZE 4096 /* bytes of the buffer that receives an error's text */

#ifdef __cplusplus
extern "C" {
#endif

typedef enum labhost_param_type {
    LABHOST_REAL = 0,    /* labhost_value.real */
    LABHOST_INTEGER = 1, /* labhost_value.integer */
    LABHOST_BOOLEAN = 2, /* labhost_value.integer, 0 or 1 */
    LABHOST_CHOICE = 3   /* labhost_value.text, one of labhost_param.choices */
} labhost_param_type;

typedef struct labhost_value {
    double real;
    int64_t integer;
    const char* text;
} labhost_value;

/* One parameter that an experiment may set. Frozen within a major version: plugins hold arrays of it. */
typedef struct labhost_param {
    const char* name; /* letters, digits, '_', '-'; at most 100 */
    const char* doc;  /* one line */
    int32_t type;     /* labhost_param_type */
    labhost_value initial;
    labhost_value minimum; /* real and integer: inclusive bounds */
    labhost_value maximum;
    const char* choices; /* choice: the texts allowed, separated by '|'; else NULL */
} labhost_param;

/* What a plugin is. All pointers are to constants of the plugin, and stay valid while it is loaded. */
typedef struct labhost_descriptor {
    uint32_t struct_size; /* sizeof(labhost_descriptor) as the plugin knew it; later minors append fields */
    uint32_t param_count;
    const labhost_param* params;
    const char* id;      /* letters, digits, '_', '-', '.'; at most 100; the file is named <id>.so */
    const char* version; /* of the plugin */
    const char* summary; /* one line */
    int64_t input[3];    /* sizes of one example: channels, height, width; since 1.1 those after the first may be 0 */
    int64_t classes;     /* columns of the output; since 1.1 it may be 0, see outputs */

    /* Builds a model. `values` holds one value per parameter, in the order of `params`, checked by the host.
     * `model` points to an empty std::shared_ptr<labhost::Model>. Returns 0, or non-zero with the reason in
     * `error` (`error_size` bytes, always terminated). Draws from the default generator only; never throws. */
    int32_t (*create)(const labhost_value* values, void* model, char* error, size_t error_size);

    /* Runs `model` (labhost::Model*) on `input` (const at::Tensor*, float32 [N, sizes...]) and assigns
     * `output` (at::Tensor*, float32 [N, classes or outputs]). Returns as create does; never throws. */
    int32_t (*forward)(void* model, const void* input, void* output, char* error, size_t error_size);

    /* Since 1.1. A host reads it only where struct_size holds it. */
    int64_t input_4; /* the fourth size of one example, or 0 */
    int64_t
        outputs; /* columns of the output of a regression, or of several labels; then `classes` is 0, else this is */

    /* The model's own loss, or NULL: assigns `loss` (at::Tensor*), a float32 scalar, the mean over the batch, from
     * what forward gave for `input` and from `target` (const at::Tensor*, int64 [N] of classes, else float32
     * [N, columns of the data]). Returns as create does; never throws. */
    int32_t (*loss)(void* model, const void* output, const void* target, const void* input, void* loss, char* error,
                    size_t error_size);
} labhost_descriptor;

#ifdef __cplusplus
}
#endif
/* NOLINTEND(modernize-*) */

/* ---- the stamp ------------------------------------------------------------------------------------------
 * labhost_abi$sdk_1.1$torch_1.13.0$build_cpu$cxx11_1$stdlib_libstdcxx$sanitizer_none$compiler_gcc12
 * Fields are separated by '$'; a field is a key, '_', a value. `compiler` is told, not compared. */
#define LABHOST_TEXT_(x) #x
#define LABHOST_TEXT(x) LABHOST_TEXT_(x)

#ifndef LABHOST_TORCH_BUILD /* set by the CMake target labhost::sdk: cpu, cu130, ... */
#define LABHOST_TORCH_BUILD unknown
#endif

#if defined(_GLIBCXX_USE_CXX11_ABI)
#define LABHOST_CXX11_ABI_ _GLIBCXX_USE_CXX11_ABI
#else
#define LABHOST_CXX11_ABI_ 1
#endif

#if defined(_LIBCPP_VERSION)
#define LABHOST_STDLIB_ "libcxx"
#elif defined(_GLIBCXX_DEBUG)
#define LABHOST_STDLIB_ "libstdcxx_debug" /* its containers have another layout */
#else
#define LABHOST_STDLIB_ "libstdcxx"
#endif

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LABHOST_SANITIZER_ "address"
#elif __has_feature(thread_sanitizer)
#define LABHOST_SANITIZER_ "thread"
#endif
#endif
#if !defined(LABHOST_SANITIZER_) && defined(__SANITIZE_ADDRESS__)
#define LABHOST_SANITIZER_ "address"
#elif !defined(LABHOST_SANITIZER_) && defined(__SANITIZE_THREAD__)
#define LABHOST_SANITIZER_ "thread"
#elif !defined(LABHOST_SANITIZER_)
#define LABHOST_SANITIZER_ "none"
#endif

#if defined(__clang__)
#define LABHOST_COMPILER_ "clang" LABHOST_TEXT(__clang_major__)
#else
#define LABHOST_COMPILER_ "gcc" LABHOST_TEXT(__GNUC__)
#endif

/* A string literal; needs TORCH_VERSION from <torch/version.h>. */
/* clang-format off */
#define LABHOST_ABI_STAMP                                                       \
    LABHOST_PREFIX_STAMP                                                        \
    "sdk_" LABHOST_TEXT(LABHOST_SDK_MAJOR) "." LABHOST_TEXT(LABHOST_SDK_MINOR)  \
    "$torch_" TORCH_VERSION                                                     \
    "$build_" LABHOST_TEXT(LABHOST_TORCH_BUILD)                                 \
    "$cxx11_" LABHOST_TEXT(LABHOST_CXX11_ABI_)                                  \
    "$stdlib_" LABHOST_STDLIB_                                                  \
    "$sanitizer_" LABHOST_SANITIZER_                                            \
    "$compiler_" LABHOST_COMPILER_
/* clang-format on */

#endif
