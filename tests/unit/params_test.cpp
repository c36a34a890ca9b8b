// Parameters a plugin declares, against the values an experiment gives.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstddef>

#include <labhost/params.hpp>

#include "helpers/expect_error.hpp"
#include "plugin/describe.hpp"
#include "plugin/params.hpp"

namespace labhost {
namespace {

constexpr std::array declared{real("p", 0.5, {0, 1}, "a real"), integer("width", 16, {1, 64}, "an integer"),
                              boolean("bias", true, "a boolean"), choice("act", "relu", "relu|tanh", "a choice")};
constexpr labhost_descriptor descriptor{sizeof(labhost_descriptor),
                                        declared.size(),
                                        declared.data(),
                                        "m",
                                        "1",
                                        "",
                                        {1, 28, 28},
                                        10,
                                        nullptr,
                                        nullptr,
                                        0,
                                        0,
                                        nullptr};
const Plugin plugin{"m.so", "", Stamp(""), &descriptor};

ResolvedParams resolve(const std::string& name, ParamValue value) {
    return resolve_params(plugin, {{name, {std::move(value), Location{"e.toml", 4, 12}}}});
}

void refuse(const std::string& name, const ParamValue& value, const std::string& words) {
    testing::expect_error(ExitCode::usage, "e.toml:4:12: error: " + words, [&] { resolve(name, value); });
}

TEST(Params, HaveTheirDefaults) {
    const ResolvedParams params = resolve_params(plugin, {});
    EXPECT_EQ(params.values, (std::vector<ParamValue>{0.5, std::int64_t{16}, true, std::string("relu")}));
}

TEST(Params, ReachTheModelAsTheirTypes) {
    const ResolvedParams params = resolve_params(plugin, {{"p", {std::int64_t{1}, {}}},
                                                          {"width", {std::int64_t{64}, {}}},
                                                          {"bias", {false, {}}},
                                                          {"act", {std::string("tanh"), {}}}});
    const auto values = params.as_abi_values();
    const Params read(declared, values.data());
    EXPECT_EQ(read.real("p"), 1.0);
    EXPECT_EQ(read.integer("width"), 64);
    EXPECT_FALSE(read.boolean("bias"));
    EXPECT_EQ(read.choice("act"), "tanh");
    EXPECT_THROW(read.real("width"), std::logic_error);
    EXPECT_THROW(read.real("q"), std::logic_error);
}

TEST(Params, OutOfRangeOrIllTypedValuesAreRefusedAtTheirPlace) {
    refuse("p", 1.5, "params.p = 1.5 of plugin 'm' must be a number in 0..1");
    refuse("p", std::nan(""), "params.p = nan of plugin 'm' must be a number in 0..1");
    refuse("p", std::string("0.5"), "params.p = 0.5 of plugin 'm' must be a number in 0..1");
    refuse("p", true, "params.p = true of plugin 'm' must be a number");
    refuse("width", 16.0, "params.width = 16 of plugin 'm' must be an integer in 1..64");
    refuse("width", std::int64_t{65}, "params.width = 65 of plugin 'm' must be an integer in 1..64");
    refuse("bias", std::int64_t{1}, "params.bias = 1 of plugin 'm' must be true or false");
    refuse("act", std::string("gelu"), "params.act = gelu of plugin 'm' must be one of relu, tanh");
    refuse("widht", std::int64_t{1},
           "plugin 'm' has no parameter 'widht'; did you mean 'width'? (it has p, width, bias, act)");
}

TEST(Params, AreCheckedByThePluginToo) {
    const auto check = [](labhost_value p, labhost_value width, labhost_value bias, labhost_value act) {
        const std::array values{p, width, bias, act};
        Params(declared, values.data()).check();
    };
    const labhost_value p{.real = 0.5, .integer = 0, .text = nullptr};
    const labhost_value width{.real = 0.0, .integer = 16, .text = nullptr};
    const labhost_value bias{.real = 0.0, .integer = 1, .text = nullptr};
    const labhost_value act{.real = 0.0, .integer = 0, .text = "tanh"};
    EXPECT_NO_THROW(check(p, width, bias, act));
    EXPECT_THROW(check({.real = 1.5, .integer = 0, .text = nullptr}, width, bias, act), std::invalid_argument);
    EXPECT_THROW(check({.real = NAN, .integer = 0, .text = nullptr}, width, bias, act), std::invalid_argument);
    EXPECT_THROW(check(p, {.real = 0.0, .integer = 0, .text = nullptr}, bias, act), std::invalid_argument);
    EXPECT_THROW(check(p, width, {.real = 0.0, .integer = 2, .text = nullptr}, act), std::invalid_argument);
    for (const char* text : {static_cast<const char*>(nullptr), "", "tan", "relu|tanh"})
        EXPECT_THROW(check(p, width, bias, {.real = 0.0, .integer = 0, .text = text}), std::invalid_argument);
}

TEST(Declarations, AreCheckedFieldByField) {
    EXPECT_EQ(declaration_fault(declared[0]), "");
    EXPECT_EQ(declaration_fault(real("p", 2, {0, 1}, "")), "'p' has the default 2, which is not a number in 0..1");
    EXPECT_EQ(declaration_fault(choice("a", "x", "y|z", "")), "'a' has the default x, which is not one of y, z");
    for (const char* name : {static_cast<const char*>(nullptr), "a b", "a.b", ""})
        EXPECT_NE(declaration_fault(real(name, 0, {0, 1}, "")).find("must be made of"), std::string::npos);
    labhost_param unknown = declared[0];
    unknown.type = 9;
    EXPECT_EQ(declaration_fault(unknown), "'p' has the unknown type 9");
}

TEST(Descriptors, AreCheckedFieldByField) {
    const auto faults = [](auto change) {
        labhost_descriptor d = descriptor;
        d.create = [](const labhost_value*, void*, char*, size_t) { return 0; };
        d.forward = [](void*, const void*, void*, char*, size_t) { return 0; };
        change(d);
        const auto found = descriptor_faults(d);
        return found.empty() ? std::string() : found[0];
    };
    EXPECT_EQ(faults([](auto&) {}), "");
    EXPECT_EQ(faults([](auto& d) { d.id = nullptr; }), "its id, version or summary is null");
    EXPECT_EQ(faults([](auto& d) { d.create = nullptr; }), "its create function is null");
    EXPECT_EQ(faults([](auto& d) { d.input[1] = 0; }), "its input shape 1x0x28 is not positive");
    EXPECT_EQ(faults([](auto& d) { d.classes = 0; }), "it declares 0 classes");
    EXPECT_EQ(faults([](auto& d) { d.params = nullptr; }), "its parameters are null");
    EXPECT_EQ(faults([](auto& d) { d.struct_size = 8; }).substr(0, 26), "its descriptor has 8 bytes");
    static const std::array twice{declared[0], declared[0]};
    EXPECT_EQ(faults([](auto& d) {
                  d.params = twice.data();
                  d.param_count = 2;
              }),
              "it declares the parameter 'p' twice");
}

TEST(Descriptors, WhatAnEarlierMinorEndsBeforeIsNotRead) {
    labhost_descriptor d = descriptor;
    d.outputs = 3;
    d.loss = [](void*, const void*, const void*, const void*, void*, char*, size_t) { return 0; };
    EXPECT_TRUE(brings_loss(d));
    EXPECT_EQ(describe(d).value("loss", false), true);
    d.struct_size = offsetof(labhost_descriptor, loss) + sizeof(d.loss) - 1;
    EXPECT_FALSE(brings_loss(d));
    EXPECT_FALSE(describe(d).contains("loss"));
    EXPECT_EQ(output_count(d), 3);
    d.struct_size = offsetof(labhost_descriptor, outputs) + sizeof(d.outputs) - 1;
    EXPECT_EQ(output_count(d), 0);
    d.struct_size = sizeof(d);
    d.loss = nullptr;
    EXPECT_FALSE(brings_loss(d));
}

}  // namespace
}  // namespace labhost
