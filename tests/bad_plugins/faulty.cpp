// Passes the gate, then fails where its parameter says.
#include <stdexcept>

#include <labhost/plugin.hpp>

struct Faulty final : labhost::Model {
    Linear fc = register_module("fc", Linear(784, 10));
    std::string fault;

    explicit Faulty(const labhost::Params& params) : fault(params.choice("fault")) {
        if (fault == "constructor") throw std::runtime_error("the constructor's own words");
        if (fault == "undeclared") params.real("gain");
    }

    Tensor forward(Tensor x) override {
        if (fault == "forward") throw std::runtime_error("forward's own words");
        if (fault == "non_std") throw 42;
        if (fault == "torch") return fc(x);  // 28 columns where 784 belong
        x = log_softmax(fc(x.view({-1, 784})), 1);
        if (fault == "shape") return x.slice(1, 0, 9);
        if (fault == "dtype") return x.to(torch::kFloat64);
        return x;
    }
};

LABHOST_PLUGIN(Faulty, .id = "faulty", .summary = "fails where it is told to", .input = {1, 28, 28}, .classes = 10,
               .params = {
                   labhost::choice("fault", "none", "none|constructor|undeclared|forward|non_std|torch|shape|dtype",
                                   "where to fail"),
                   labhost::integer("unused", 3, {1, 5}, "an integer"), labhost::boolean("flag", true, "a boolean")});
