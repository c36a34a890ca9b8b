// Tables of text.
#include <gtest/gtest.h>

#include "report/table.hpp"

namespace labhost::table_test {
namespace {

TEST(TextTable, LinesUpItsColumns) {
    EXPECT_EQ(text_table({"run", "loss"}, {{"net-s1", "0.5"}, {"n", "12.25"}}, 1),
              "run      loss\n"
              "------  -----\n"
              "net-s1    0.5\n"
              "n       12.25\n");
    EXPECT_EQ(text_table({"a", "b"}, {{"x", "long"}, {"y", "z"}}, 2), "a  b\n-  ----\nx  long\ny  z\n");
}

TEST(ResultsTable, HasPublishedNumbersValidationAndTheKeptEpochAndReasonsBelow) {
    RunRecord run{.experiment = "q", .id = "net-s1", .folder = "runs/q/net-s1-0", .status = RunState::finished};
    run.trainer = {{"epochs", 2}};
    run.final =
        EpochMetrics{.epoch = 2, .train = {.loss = 0.1, .accuracy = 97}, .test = {.loss = 0.2, .accuracy = 98.11}};
    run.seconds = 12.34;
    EXPECT_EQ(results_table(std::span(&run, 1)),
              "run     train loss  train %  test loss  test %  seconds\n"
              "------  ----------  -------  ---------  ------  -------\n"
              "net-s1      0.1000    97.00     0.2000   98.11     12.3\n");
    run.reference.test_accuracy = {96.27, 98.1};
    EXPECT_EQ(results_table(std::span(&run, 1)),
              "run     train loss  publ.  train %  publ.  test loss  publ.  test %  publ.  seconds\n"
              "------  ----------  -----  -------  -----  ---------  -----  ------  -----  -------\n"
              "net-s1      0.1000      -    97.00      -     0.2000      -   98.11  98.10     12.3\n");
    run.reference = {};
    run.final->validation = PassMetrics{.loss = 0.15, .accuracy = 97.5};
    run.kept_epoch = 1;
    EXPECT_TRUE(results_table(std::span(&run, 1))
                    .starts_with(
                        "run     train loss  train %  validation loss  validation %  test loss  test %  kept  seconds\n"
                        "------  ----------  -------  ---------------  ------------  ---------  ------  ----  -------\n"
                        "net-s1      0.1000    97.00           0.1500         97.50     0.2000   98.11     1     12.3\n"
                        "\nnumbers of the last epoch; kept: "))
        << results_table(std::span(&run, 1));
    run.final->validation.reset();
    run.kept_epoch = 2;
    run.status = RunState::failed;
    run.reason = "it broke";
    EXPECT_NE(results_table(std::span(&run, 1)).find("\nnet-s1 failed: it broke (runs/q/net-s1-0/log.txt)\n"),
              std::string::npos);
}

}  // namespace
}  // namespace labhost::table_test
