// The doctor: what it reads out of texts, and what it makes of what it read.
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <unistd.h>

#include "doctor/ask.hpp"
#include "doctor/gpu_match.hpp"
#include "doctor/gpus.hpp"
#include "doctor/machine.hpp"
#include "doctor/mounts.hpp"
#include "doctor/nvidia_smi.hpp"
#include "doctor/storage.hpp"
#include "doctor/tools.hpp"
#include "doctor/torch.hpp"
#include "helpers/temporary_folder.hpp"
#include "support/cgroup.hpp"
#include "support/machine.hpp"

namespace labhost::doctor_test {
namespace {

using Status = Finding::Status;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t gibibyte = std::uint64_t{1} << 30U;

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

// ---- findings

TEST(Finding, GoesThroughJsonWithItsData) {
    const Finding finding{.name = "GPU 0",
                          .status = Status::warning,
                          .says = "two\nlines, \x1b[31mred",
                          .remedy = "wait",
                          .data = {{"memory", 5}, {"status", "not this"}}};
    const Json json = to_json(finding);
    EXPECT_EQ(json.at("says"), "two | lines, \\x1b[31mred");
    EXPECT_EQ(json.at("status"), "warning") << "data does not overwrite what every finding has";
    const Finding back = finding_from(json);
    EXPECT_EQ(back.status, Status::warning);
    EXPECT_EQ(back.remedy, "wait");
    EXPECT_EQ(back.data, (Json{{"memory", 5}}));
}

TEST(Finding, OfAnErrorHasItsLastClauseForRemedy) {
    const Finding finding = finding_of("x", Status::failure, Error(ExitCode::usage, "f: error: a; b; do c"));
    EXPECT_EQ(finding.says, "f: error: a; b");
    EXPECT_EQ(finding.remedy, "do c");
    EXPECT_EQ(finding_of("x", Status::failure, Error(ExitCode::usage, "only this")).remedy, "");
}

TEST(Finding, TheWorstIsTheVerdict) {
    EXPECT_EQ(verdict_of({}), Status::ok);
    EXPECT_EQ(verdict_of({{.status = Status::warning}, {.status = Status::ok}}), Status::warning);
    EXPECT_EQ(verdict_of({{.status = Status::failure}, {.status = Status::warning}}), Status::failure);
}

// ---- asking

TEST(Ask, AChildThatCrashesIsAFindingBehindWhatItTold) {
    const Findings findings =
        look_in_child({.name = "x", .limit = std::chrono::seconds(10), .remedy = "do y"}, [](const Tell& tell) {
            tell({.name = "first"});
            std::abort();
        });
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].name, "first");
    EXPECT_EQ(findings[1].status, Status::failure);
    EXPECT_TRUE(has(findings[1].says, "was killed by SIGABRT")) << findings[1].says;
    EXPECT_EQ(findings[1].remedy, "do y");
}

TEST(Ask, AChildThatHangsIsKilled) {
    const Findings findings =
        look_in_child({.name = "x", .if_it_fails = Status::warning, .limit = std::chrono::seconds(1)},
                      [](const Tell&) { ::pause(); });
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].status, Status::warning);
    EXPECT_TRUE(has(findings[0].says, "was not done after 1 s")) << findings[0].says;
}

TEST(Ask, AProgramAnswersFailsOrIsNotThere) {
    EXPECT_EQ(ask_program({"echo", "yes"}).out, "yes\n");
    EXPECT_EQ(ask_program({"sh", "-c", "echo out; echo err >&2; exit 3"}).fault, "it ended with 3: err | out");
    EXPECT_FALSE(ask_program({"no-such-program"}).found);
    EXPECT_FALSE(ask_program({"/no/such/program"}).found);
}

TEST(Ask, AProgramThatPrintsWithoutEndEnds) {
    const Answer answer =
        ask_program({"sh", "-c", "yes 'more and more and more and more and more and more and more and more'"});
    EXPECT_NE(answer.fault, "");
}

// ---- LibTorch and BLAS

TEST(Torch, ItsPythonIsTheOneOfItsPackages) {
    EXPECT_EQ(interpreter_of("/home/a/venv/lib/python3.11/site-packages/torch/lib"), "/home/a/venv/bin/python3.11");
    EXPECT_EQ(interpreter_of("/usr/local/lib/python3.12/dist-packages/torch/lib"), "/usr/local/bin/python3.12");
    EXPECT_EQ(interpreter_of("/usr/lib/python3/dist-packages/torch/lib"), "/usr/bin/python3");
    EXPECT_EQ(interpreter_of("/usr/lib/x86_64-linux-gnu"), "/usr/bin/python3");
    EXPECT_EQ(interpreter_of("/opt/libtorch/lib"), "");
    EXPECT_EQ(interpreter_of("/site-packages/torch/lib"), "") << "in no Python's folder";
}

TEST(Blas, IsNamedWithItsKernels) {
    const BlasName debian =
        parse_blas("OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY USE_OPENMP Haswell MAX_THREADS=128");
    EXPECT_EQ(debian.name, "OpenBLAS 0.3.21");
    EXPECT_EQ(debian.kernels, "Haswell");
    EXPECT_TRUE(debian.openmp);
    EXPECT_EQ(parse_blas("OpenBLAS 0.3.29  USE64BITINT DYNAMIC_ARCH NO_AFFINITY ZEN MAX_THREADS=64").kernels, "ZEN");
    EXPECT_EQ(parse_blas("MKL").name, "MKL");
    EXPECT_EQ(parse_blas("MKL").kernels, "");
}

TEST(Blas, FaultsAreWarningsWithTheRemedy) {
    const Finding reference = judge_blas("/lib/x86_64-linux-gnu/blas/libblas.so.3", "avx2");
    EXPECT_EQ(reference.status, Status::warning);
    EXPECT_EQ(reference.remedy, "install libopenblas0-openmp");
    EXPECT_EQ(judge_blas("OpenBLAS 0.3.21 USE_OPENMP Haswell MAX_THREADS=64", "avx2").status, Status::ok);
    EXPECT_EQ(judge_blas("MKL", "avx512").status, Status::ok);
    EXPECT_EQ(judge_blas("", "avx2").status, Status::warning);
}

TEST(Blas, KernelsOfAnOlderProcessorAreAWarning) {
    const std::string old = "OpenBLAS 0.3.21 USE_OPENMP Prescott MAX_THREADS=64";
    EXPECT_EQ(judge_blas(old, "avx2").status, Status::warning);
    EXPECT_TRUE(has(judge_blas(old, "avx2").remedy, "OPENBLAS_CORETYPE"));
    EXPECT_EQ(judge_blas(old, "none").status, Status::ok) << "an old processor";
}

// ---- the machine

TEST(Machine, ProcessorAndMemoryAreReadOffProc) {
    EXPECT_EQ(processor_in("processor\t: 0\nmodel name\t: AMD EPYC  9B14\nflags\t: fpu\n"), "AMD EPYC 9B14");
    EXPECT_EQ(processor_in("processor\t: 0\nCPU implementer\t: 0x41\n"), "");
    EXPECT_EQ(memory_in("MemTotal:       1024 kB\nMemAvailable:    512 kB\n", "MemAvailable"), 512 * 1024U);
    EXPECT_EQ(memory_in("", "MemTotal"), 0U);
}

TEST(Machine, LessThanOneCoreIsAWarning) {
    EXPECT_EQ(judge_cores({.online = 8, .affine = 8, .quota = 0.5, .used = 1}).status, Status::warning);
    EXPECT_EQ(judge_cores({.online = 8, .affine = 2, .quota = 1.5, .used = 2}).status, Status::ok);
    EXPECT_TRUE(has(judge_cores({.online = 8, .affine = 2, .used = 2}).says, "no cgroup quota"));
}

TEST(Machine, LittleMemoryIsAWarning) {
    EXPECT_EQ(judge_memory({.total = 8 * gibibyte, .available = 4 * gibibyte}).status, Status::ok);
    EXPECT_EQ(judge_memory({.total = 8 * gibibyte, .available = gibibyte / 2}).status, Status::warning);
    EXPECT_EQ(judge_memory({.total = 8 * gibibyte, .available = 4 * gibibyte, .limit = gibibyte / 2}).status,
              Status::warning);
    EXPECT_EQ(judge_memory({.total = 8 * gibibyte}).status, Status::ok) << "what is not known is not complained of";
}

Limits no_limits() {
    return {.files = RLIM_INFINITY,
            .processes = RLIM_INFINITY,
            .data = RLIM_INFINITY,
            .address_space = RLIM_INFINITY,
            .stack = RLIM_INFINITY,
            .file_size = RLIM_INFINITY,
            .core = RLIM_INFINITY};
}

TEST(Machine, LimitsThatBiteAreWarningsAndOthersAreNot) {
    EXPECT_EQ(judge_limits(no_limits()).status, Status::ok);
    Limits limits = no_limits();
    limits.core = 0;
    EXPECT_EQ(judge_limits(limits).status, Status::ok) << "core files are switched off";
    limits.files = 64;
    EXPECT_EQ(judge_limits(limits).remedy, "raise them before labhost starts: ulimit -n 1024");
    limits = no_limits();
    limits.processes = 64;
    EXPECT_EQ(judge_limits(limits).status, Status::warning);
    limits.root = true;
    EXPECT_EQ(judge_limits(limits).status, Status::ok) << "root may";
    limits = no_limits();
    limits.address_space = 32 * gibibyte;
    EXPECT_EQ(judge_limits(limits).status, Status::ok);
    limits.cuda = true;
    EXPECT_EQ(judge_limits(limits).status, Status::warning) << "CUDA takes more";
}

TEST(Cgroup, LimitsAreTheNarrowestOnTheWayUp) {
    const testing::TemporaryFolder root;
    root.write("cpu.max", "max 100000\n");
    root.write("slurm/cpu.max", "400000 100000\n");
    root.write("slurm/job/cpu.max", "150000 100000\n");
    root.write("slurm/memory.max", "1000000\n");
    root.write("slurm/job/memory.max", "max\n");
    const CgroupLimits limits = cgroup_limits("0::/slurm/job\n", root.path());
    EXPECT_EQ(limits.cores, 1.5);
    EXPECT_EQ(limits.memory, 1000000U);
    EXPECT_EQ(cgroup_limits("0::/\n", root.path()).cores, 0.0);
}

TEST(Cgroup, OfVersionOneAreReadToo) {
    const testing::TemporaryFolder root;
    root.write("cpu/job/cpu.cfs_quota_us", "50000\n");
    root.write("cpu/job/cpu.cfs_period_us", "100000\n");
    root.write("cpu/cpu.cfs_quota_us", "-1\n");
    root.write("cpu/cpu.cfs_period_us", "100000\n");
    root.write("memory/memory.limit_in_bytes", "9223372036854771712\n");
    root.write("memory/job/memory.limit_in_bytes", "2000000\n");
    const CgroupLimits limits = cgroup_limits("5:memory:/job\n4:cpu,cpuacct:/job\n0::/\n", root.path());
    EXPECT_EQ(limits.cores, 0.5);
    EXPECT_EQ(limits.memory, 2000000U);
    EXPECT_EQ(cgroup_limits("", "/no/such/folder").memory, 0U);
}

// ---- GPUs

TEST(NvidiaSmi, ItsAnswerIsReadWithWhatItDoesNotTell) {
    const auto gpus = parse_gpus(
        "GPU-1f, 580.95.05, 81559, 1024, 37, Disabled, Default, 9.0, NVIDIA H100 80GB HBM3\n"
        "GPU-2f, 580.95.05, 24564, 0, [N/A], [N/A], Exclusive_Process, 8.9, Some, GPU\n",
        true);
    ASSERT_EQ(gpus.size(), 2U);
    EXPECT_EQ(gpus[0].name, "NVIDIA H100 80GB HBM3");
    EXPECT_EQ(gpus[0].memory, 81559 * mebibyte);
    EXPECT_EQ(gpus[0].utilization, 37);
    EXPECT_EQ(gpus[0].capability, "9.0");
    EXPECT_EQ(gpus[1].name, "Some, GPU");
    EXPECT_EQ(gpus[1].utilization, -1);
    EXPECT_EQ(gpus[1].mig, "");
    EXPECT_EQ(gpus[1].compute_mode, "Exclusive_Process");
}

TEST(NvidiaSmi, ItsListIsReadTooAndItsComplaintsAreNoGpus) {
    const auto gpus =
        parse_gpus("GPU 0: NVIDIA A100 (UUID: GPU-77)\n  MIG 1g.5gb Device 0: (UUID: MIG-1)\nGPU 1: Quadro\n", true);
    ASSERT_EQ(gpus.size(), 2U);
    EXPECT_EQ(gpus[0].name, "NVIDIA A100");
    EXPECT_EQ(gpus[0].uuid, "GPU-77");
    EXPECT_EQ(gpus[1].name, "Quadro");
    EXPECT_TRUE(parse_gpus("No devices were found\n", true).empty());
    EXPECT_TRUE(parse_gpus("", true).empty());
    EXPECT_EQ(parse_gpus("GPU-1, 390.1, 4096, Tesla K80\n", false).at(0).name, "Tesla K80");
}

TEST(NvidiaSmi, ProcessesAreReadWithTheGpuTheyUse) {
    const auto processes =
        parse_processes("GPU-1f, 4711, 1024, /usr/bin/python3 a, b\nGPU-2f, 12, [N/A], [Not Found]\n\n");
    ASSERT_EQ(processes.size(), 2U);
    EXPECT_EQ(processes[0].id, 4711);
    EXPECT_EQ(processes[0].memory, 1024 * mebibyte);
    EXPECT_EQ(processes[0].program, "/usr/bin/python3 a, b");
    EXPECT_EQ(processes[1].memory, 0U);
}

GpuSituation one_listed() {
    return {.smi = {.found = true, .gpus = {{.name = "NVIDIA H100", .uuid = "GPU-1", .memory = 80 * gibibyte}}},
            .torch = "2.14.1+cu130"};
}

TEST(Gpus, NoneIsNothingToWarnOf) {
    const Findings findings = judge_gpus({.torch = "1.13.0+cpu"});
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].status, Status::ok);
    EXPECT_EQ(findings[0].says, "none here: no /dev/nvidiactl and no nvidia-smi; auto takes the CPU");
}

TEST(Gpus, ListedWithoutADriverAreNotTaken) {
    const Findings findings = judge_gpus(one_listed());
    ASSERT_EQ(findings.size(), 1U);
    EXPECT_EQ(findings[0].status, Status::warning);
    EXPECT_EQ(findings[0].says,
              "nvidia-smi lists NVIDIA H100, but there is no /dev/nvidiactl: no driver that a program could use; auto "
              "takes the CPU");
    EXPECT_NE(findings[0].remedy, "");
}

TEST(Gpus, WhyAutoDoesNotTakeThemIsSaid) {
    GpuSituation here = one_listed();
    here.control_file = true;
    here.torch = "1.13.0+cpu";
    EXPECT_TRUE(has(judge_gpus(here)[0].says, "built with LibTorch 1.13.0+cpu, which has no CUDA; auto takes the CPU"));
    EXPECT_TRUE(has(judge_gpus(here).at(1).says, "NVIDIA H100, 80.0 GiB")) << "each has a line of its own";
    here.torch = "2.14.1+cu130";
    here.visible = "";
    EXPECT_TRUE(has(judge_gpus(here)[0].says, "CUDA_VISIBLE_DEVICES= hides every GPU"));
    here.survey.why_none = "CUDA driver version is insufficient; install a newer driver";
    EXPECT_TRUE(has(judge_gpus(here)[0].says, "but CUDA driver version is insufficient; auto takes the CPU"))
        << judge_gpus(here)[0].says;
    EXPECT_EQ(judge_gpus(here)[0].remedy, "install a newer driver");
    here.survey.why_none = "";
    here.survey_fault = "it cannot be loaded";
    EXPECT_TRUE(has(judge_gpus(here)[0].says, "LibTorch could not be asked: it cannot be loaded"));
}

TEST(Gpus, ANvidiaSmiThatFailsIsQuoted) {
    const Findings findings =
        judge_gpus({.smi = {.found = true, .fault = "it ended with 9: NVIDIA-SMI has failed"}, .torch = "1.13.0+cpu"});
    EXPECT_EQ(findings[0].status, Status::warning);
    EXPECT_TRUE(has(findings[0].says, "it ended with 9: NVIDIA-SMI has failed")) << findings[0].says;
    EXPECT_TRUE(has(findings[0].says, "auto takes the CPU"));
}

TEST(Gpus, ThatAreUsedAreShownWithTheirUsers) {
    GpuSituation here = one_listed();
    here.control_file = true;
    here.survey = {.gpus = {{.name = "NVIDIA H100", .capability = "9.0", .memory = 79 * gibibyte}},
                   .driver = "580.95.05",
                   .cuda_driver = "13.0",
                   .runtime = "13.0"};
    here.smi.processes = {{.uuid = "GPU-1", .id = 7, .memory = gibibyte, .program = "python3", .user = "anna"},
                          {.uuid = "GPU-9", .id = 8, .program = "other"}};
    Findings findings = judge_gpus(here);
    ASSERT_EQ(findings.size(), 2U);
    EXPECT_EQ(findings[0].data.at("auto"), "cuda:0");
    EXPECT_TRUE(
        has(findings[1].says,
            "compute capability 9.0, driver 580.95.05, auto takes it, used by python3 (process 7 of anna, 1.0 GiB)"))
        << findings[1].says;
    EXPECT_EQ(findings[1].status, Status::ok);
    here.smi.gpus[0].compute_mode = "Exclusive_Process";
    EXPECT_EQ(judge_gpus(here)[1].status, Status::warning);
    here.smi.gpus[0].compute_mode = "Default";
    here.smi.gpus[0].memory_used = 70 * gibibyte;
    EXPECT_EQ(judge_gpus(here)[1].status, Status::warning);
    here.smi = {.found = true, .fault = "it was not done after 10 s and was killed", .hung = true};
    EXPECT_EQ(judge_gpus(here)[0].status, Status::warning);
    EXPECT_TRUE(has(judge_gpus(here)[0].says, "was not done after 10 s"));
}

TEST(Gpus, OfTwoListsAreMatchedOnlyWhereThatIsSure) {
    using Paths = std::vector<std::optional<std::size_t>>;
    const std::vector<Gpu> two{{.name = "A"}, {.name = "A"}};
    const std::vector<ListedGpu> alike{
        {.name = "A", .uuid = "GPU-aa"}, {.name = "A", .uuid = "GPU-bb"}, {.name = "A", .uuid = "GPU-cc"}};
    EXPECT_EQ(match_gpus(two, alike, std::nullopt), (Paths{0, 1}));
    EXPECT_EQ(match_gpus(two, alike, "2,0"), (Paths{2, 0}));
    EXPECT_EQ(match_gpus(two, alike, "GPU-bb,GPU-a"), (Paths{1, 0}));
    EXPECT_EQ(match_gpus(two, alike, "MIG-1,9"), (Paths{std::nullopt, std::nullopt}));
    const std::vector<ListedGpu> unlike{{.name = "B"}, {.name = "A"}};
    EXPECT_EQ(match_gpus({{.name = "A"}}, unlike, std::nullopt), (Paths{std::nullopt}))
        << "CUDA counts the fastest first";
    EXPECT_EQ(match_gpus({}, alike, std::nullopt), Paths{});
}

// ---- file systems

TEST(Mounts, TheLongestPointThatHoldsThePathCounts) {
    const std::string table =
        "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        "30 27 0:26 / /home rw,nosuid shared:5 - nfs4 server:/export rw,vers=4.2\n"
        "31 27 0:27 / /home/my\\040runs rw - nfs server:/old rw,nolock\n"
        "32 27 0:28 / /homestead rw - xfs /dev/vdb rw\n"
        "33 27 0:29 / /homestead rw - tmpfs none rw\n";
    EXPECT_EQ(mount_of(table, "/home/anna/runs")->type, "nfs4");
    EXPECT_EQ(mount_of(table, "/home/anna/runs")->source, "server:/export");
    EXPECT_TRUE(mount_of(table, "/home/my runs/x")->has_option("nolock"));
    EXPECT_FALSE(mount_of(table, "/home/anna")->has_option("nolock"));
    EXPECT_EQ(mount_of(table, "/homestead/x")->type, "tmpfs") << "the last of those laid over one another";
    EXPECT_EQ(mount_of(table, "/homely")->type, "ext4");
    EXPECT_FALSE(mount_of("", "/home"));
    EXPECT_FALSE(mount_of("not a table\n\n", "/home"));
}

TEST(Mounts, NetworkFileSystemsAreKnownByTypeAndMagic) {
    for (const char* type : {"nfs", "nfs4", "lustre", "cifs", "beegfs", "fuse.sshfs"})
        EXPECT_TRUE(is_network_type(type)) << type;
    for (const char* type : {"ext4", "overlay", "tmpfs", "fuse.ntfs"}) EXPECT_FALSE(is_network_type(type)) << type;
    EXPECT_EQ(type_by_magic(0x6969), "nfs");
    EXPECT_EQ(type_by_magic(0xFF534D42), "cifs");
    EXPECT_EQ(type_by_magic(0x12345), "type 0x12345");
}

RunsFolder sound_folder() {
    return {.asked = "/r/runs", .looked_at = "/r/runs", .type = "ext4", .free = 10 * gibibyte, .owner = "anna"};
}

TEST(RunsFolder, ThatIsSoundHasThreeGoodLines) {
    const Findings findings = judge_runs_folder(sound_folder());
    ASSERT_EQ(findings.size(), 3U);
    EXPECT_EQ(verdict_of(findings), Status::ok);
    EXPECT_EQ(findings[0].says, "/r/runs: ext4, 10.0 GiB free, owner anna");
}

TEST(RunsFolder, WhatLabhostCannotWorkWithIsAFailure) {
    RunsFolder folder = sound_folder();
    folder.lock_fault = "a file there cannot be locked: No locks available";
    EXPECT_EQ(judge_runs_folder(folder)[1].status, Status::failure);
    folder = sound_folder();
    folder.sync_fault = "of a file, Invalid argument";
    EXPECT_EQ(judge_runs_folder(folder)[2].status, Status::failure);
    folder = sound_folder();
    folder.write_fault = "Read-only file system";
    ASSERT_EQ(judge_runs_folder(folder).size(), 1U) << "what could not be tried is not told of";
    EXPECT_EQ(judge_runs_folder(folder)[0].status, Status::failure);
}

TEST(RunsFolder, DoubtsAreWarnings) {
    RunsFolder folder = sound_folder();
    folder.free = mebibyte;
    EXPECT_EQ(judge_runs_folder(folder)[0].status, Status::warning);
    folder = sound_folder();
    folder.owned = false;
    EXPECT_EQ(judge_runs_folder(folder)[0].status, Status::ok) << "a group's folder is meant to be shared";
    folder.by_root = true;
    EXPECT_EQ(judge_runs_folder(folder)[0].status, Status::warning);
    folder = sound_folder();
    folder.type = "nfs";
    folder.source = "server:/export";
    folder.locks_kept_local = "nolock";
    EXPECT_TRUE(has(judge_runs_folder(folder)[0].says, "a network's: server:/export"));
    EXPECT_EQ(judge_runs_folder(folder)[1].status, Status::warning);
}

// ---- the rest

TEST(Tools, TheDistributionIsReadOffOsRelease) {
    EXPECT_EQ(distribution_in("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian\"\n"),
              "Debian GNU/Linux 12 (bookworm)");
    EXPECT_EQ(distribution_in("NAME=Alpine\nVERSION_ID=3.20\n"), "Alpine 3.20");
    EXPECT_EQ(distribution_in(""), "");
}

TEST(Tools, OnlyVariablesThatMatterAreShown) {
    for (const char* name :
         {"CUDA_VISIBLE_DEVICES", "LABHOST_DATA", "OPENBLAS_CORETYPE", "LD_PRELOAD", "OMP_NUM_THREADS"})
        EXPECT_TRUE(is_variable_that_matters(name)) << name;
    for (const char* name : {"HOME", "AWS_SECRET_ACCESS_KEY", "LABHOST_TOKEN", "PATH", "OMP"})
        EXPECT_FALSE(is_variable_that_matters(name)) << name;
}

}  // namespace
}  // namespace labhost::doctor_test
