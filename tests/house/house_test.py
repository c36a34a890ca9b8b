#!/usr/bin/env python3
"""Each rule of house.py finds its breach in a small bad tree, and nothing in a good one."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import format
import house
from private_methods import private_methods

README = """# The host
| folder     | what it is for |
|------------|----------------|
| `support/` | files |
| `engine/`  | LibTorch |
| `cli/`     | verbs |
"""
DECISION = "# 1. One\n\n2026-01-02\n\n**What.** One.\n\n**Why.** Short.\n\n**Tried else.** Two.\n"
GOOD = {
    "README.md": "# Sample\n",
    "docs/guide.md": "Short.\n",
    "docs/decisions/0001-one.md": DECISION,
    "docs/decisions/README.md": "| 1 | [One](0001-one.md) | 2026-01-02 | short |\n",
    "host/README.md": README,
    "host/CMakeLists.txt": "set(labhost_folders support engine cli)\nadd_executable(labhost cli/main.cpp)\n",
    "host/support/CMakeLists.txt": "labhost_folder(SOURCES files.cpp)\n",
    "host/support/files.cpp": '#include "support/files.hpp"\n',
    "host/support/files.hpp": "#pragma once\n",
    "host/engine/CMakeLists.txt": "labhost_folder(USES support\n  SOURCES checks/one.cpp model.cpp)\n",
    "host/engine/model.cpp": '#include <torch/torch.h>\n#include "support/files.hpp"\n',
    "host/engine/checks/one.cpp": '#include "engine/model.hpp"\n',
    "host/cli/CMakeLists.txt": "labhost_folder(USES engine)\n",
    "host/cli/main.cpp": '#include <torch/version.h>\n#include "engine/model.hpp"\n',
}
LONG = "word " * 30


class Rules(unittest.TestCase):
    def breaches(self, rule, **changed):
        """What `rule` finds in the good tree with some files changed; those named None are left out."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**GOOD, **changed}.items():
                if text is not None:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_text(text)
            return [f"{place}: {what}" for place, what in rule(root)]

    def assert_breach(self, rule, words, **changed):
        found = self.breaches(rule, **changed)
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])

    def test_nothing_is_found_in_a_good_tree(self):
        for rule in house.RULES:
            self.assertEqual(self.breaches(rule), [], rule.__name__)

    def test_an_include_against_the_order(self):
        self.assert_breach(house.order_of_includes, "host/support/files.cpp:2: support/ may not use cli/",
                           **{"host/support/files.cpp": '\n#  include "cli/options.hpp"\n'})
        self.assert_breach(house.order_of_includes, "files.hpp:1: support/ may not use engine/",
                           **{"host/support/files.hpp": "#include <engine/model.hpp>\n"})

    def test_libtorch_outside_of_the_engine(self):
        for header in ("torch/torch.h", "ATen/ATen.h", "c10/core/Device.h"):
            self.assert_breach(house.order_of_includes, "host/cli/main.cpp:1: only host/engine/",
                               **{"host/cli/main.cpp": f"#include <{header}>\n"})

    def test_a_folder_that_the_table_lacks_and_one_that_is_not_there(self):
        self.assert_breach(house.order_of_includes, "extra/ is not in the table",
                           **{"host/extra/extra.hpp": "#pragma once\n"})
        self.assertIn("host/README.md: gone/ is in the table, but not there",
                      self.breaches(house.order_of_includes, **{"host/README.md": README + "| `gone/` | - |\n"}))

    def test_another_order_in_cmake(self):
        self.assert_breach(house.order_of_includes, "labhost_folders is not in the order",
                           **{"host/CMakeLists.txt": "set(labhost_folders cli engine support)\n"})

    def test_a_long_file_needs_a_reason(self):
        self.assert_breach(house.long_files, "401 lines", **{"host/support/files.cpp": "//\n" * 401})
        self.assertEqual(self.breaches(house.long_files, **{"host/support/files.cpp": "//\n" * 400}), [])
        reason = "// What it is for.\n// Long because it is one table.\n"
        self.assertEqual(self.breaches(house.long_files, **{"host/support/files.cpp": reason + "//\n" * 500}), [])
        self.assert_breach(house.long_files, "505 lines",
                           **{"host/support/files.cpp": "//\n" * 5 + "// Long because it is late.\n" + "//\n" * 499})

    def test_wide_documents(self):
        for name in ("README.md", "host/README.md", "docs/guide.md", "docs/decisions/0001-one.md"):
            self.assert_breach(house.wide_documents, f"{name}:{README.count(chr(10)) + 1}: 149 columns",
                               **{name: README + LONG.strip() + "\n"})
        self.assert_breach(house.wide_documents, "docs/guide.md:4",
                           **{"docs/guide.md": f"```\n{LONG}\n```\n{LONG}\n"})

    def test_what_may_be_wide(self):
        for text in (f"| {LONG} |\n", f"```sh\n{LONG}\n```\n", f"~~~~\n~~~\n{LONG}\n~~~~\n",
                     "- [a](https://" + "x" * 130 + ") and so on\n", "ü" * 120 + "\n"):
            self.assertEqual(self.breaches(house.wide_documents, **{"docs/guide.md": text}), [], text)

    def test_lists_of_sources(self):
        self.assert_breach(house.unlisted_sources, "host/engine/CMakeLists.txt: checks/two.cpp is not listed",
                           **{"host/engine/checks/two.cpp": "//\n"})
        self.assert_breach(house.unlisted_sources, "files.cpp is listed, but not there",
                           **{"host/support/files.cpp": None})
        self.assert_breach(house.unlisted_sources, "files.cpp is not listed",
                           **{"host/support/CMakeLists.txt": "labhost_folder(SOURCES)  # files.cpp\n"})

    def test_many_private_methods(self):
        text = "class Big {\n" + "    void f();\n" * 16 + "};\n"
        self.assert_breach(house.classes_of_many_private_methods, "class Big has 16", **{"host/cli/main.cpp": text})
        self.assertEqual(self.breaches(house.classes_of_many_private_methods,
                                       **{"host/cli/main.cpp": text.replace("void f();\n", "", 1)}), [])


    def test_loops_over_what_is_gone(self):
        for loop in ('for (const json& one : reference().at("a"))', "for (auto& [k, v] : json::parse(f(g(1))).items())",
                     "for (const auto& x :\n         made(a, b)[0])"):
            self.assert_breach(house.loops_over_what_is_gone, "host/cli/main.cpp:2: a loop over a part",
                               **{"host/cli/main.cpp": f"\n{loop} use(x);\n"})
        for loop in ("for (const json& one : made())", "for (auto x : read(f).runs)", 'for (auto x : held.at("a"))',
                     "for (int i = 0; i < size().at(0); ++i)", "for (auto x : held.part().items())"):
            self.assertEqual(self.breaches(house.loops_over_what_is_gone,
                                           **{"host/cli/main.cpp": f"{loop} use(x);\n"}), [], loop)

    def test_two_types_of_one_name(self):
        text = "namespace labhost {\nstruct Limits {\n    int a;\n};\n}  // namespace labhost\n"
        self.assert_breach(house.types_of_one_name, "labhost::Limits is defined in host/cli/a.hpp:2, too",
                           **{"host/cli/a.hpp": text, "host/support/b.hpp": text})
        for other in (text.replace("labhost {", "labhost::inner {"), text.replace("labhost {", "{"),
                      "namespace labhost {\nstruct Limits;\n}  // namespace labhost\n"):
            self.assertEqual(self.breaches(house.types_of_one_name,
                                           **{"host/cli/a.hpp": text, "host/support/b.hpp": other}), [])

    def test_the_form_of_decisions(self):
        for wrong, words in (("# One", "does not begin"), ("# 2. One", "does not begin"), ("# 1. Two", "has no row")):
            self.assert_breach(house.decisions_without_the_form, words,
                               **{"docs/decisions/0001-one.md": DECISION.replace("# 1. One", wrong)})
        for part in ("**Why.** Short.", "2026-01-02\n"):
            self.assert_breach(house.decisions_without_the_form, "docs/decisions/0001-one.md: ",
                               **{"docs/decisions/0001-one.md": DECISION.replace(part, "")})


class Formatting(unittest.TestCase):
    def test_says_formats_and_skips(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "host").mkdir()

            def run(*options):
                done = subprocess.run([sys.executable, format.__file__, folder, *options], capture_output=True,
                                      text=True)
                return done.returncode, done.stdout

            (root / ".clang-format").write_text("# for clang-format 1\n")
            self.assertEqual(run(), (77, "skipped: .clang-format is written for clang-format 1, which is not here\n"))
            version = next((v for v in ("14", "16", "19") if format.clang_format(v)), None)
            if version is None:
                self.skipTest("no clang-format is here")
            (root / ".clang-format").write_text(f"# for clang-format {version}\nBasedOnStyle: Google\n")
            self.assertEqual(run(), (1, f"no C++ in {folder}\n"))
            (root / "host/a.hpp").write_text("int  a;\n")
            (root / "host/b.hpp").write_text("int b;\n")
            self.assertEqual(run(), (1, f"{root}/host/a.hpp: not formatted; 'make format' does it\n"))
            self.assertEqual(run("--fix"), (0, ""))
            self.assertEqual((root / "host/a.hpp").read_text(), "int a;\n")
            self.assertEqual(run(), (0, ""))


class PrivateMethods(unittest.TestCase):
    def count(self, source):
        return dict(private_methods(source))

    def in_private(self, text):
        return self.count("class A {\n" + text + "\n};")["A"]

    def test_what_is_a_method(self):
        for text in ("void f();", "int f() const { return 1; }", "static int f(int, int = g());", "auto f() -> int;",
                     "template <class T> void f(T t) { if (t) { } }", "virtual void f() = 0;", "[[nodiscard]] int f();",
                     "bool operator()(int a) const;", "bool operator<(const A& a) const { return true; }",
                     "A& operator=(const A&);", "operator bool() const;", "std::map<int, std::vector<int>> f();",
                     "explicit(true) operator int();", "void f() noexcept(noexcept(g()));", "decltype(g()) f();",
                     "void f() try { } catch (...) { }", "std::function<void(int)> f(std::function<int()> g);",
                     'void f() { auto s = R"(class B { void g(); };)"; }', "struct tm f();", "friend_of f();"):
            self.assertEqual(self.in_private(text), 1, text)

    def test_what_is_none(self):
        for text in ("int a_;", "int a_ = f();", "int a_{f()};", "std::function<void(int)> f_;", "A();", "~A();",
                     "explicit A(int a) : a_{a}, b_(a) { f(); }", "A(const A&) = delete;", "void f() = delete;",
                     "using F = void(int);", "typedef void F(int);", "friend void f(A);", "void (*f_)(int);",
                     "static_assert(f());", "enum class E { a = f(1) };", "// void f();\n", "/* void f(); */",
                     "#define F void f();\n", "alignas(64) int a_;", "std::array<int, f(3)> a_;", "class B;",
                     "const char* a_ = \"void f();\";", "char a_ = '('; int b_ = 1'000;",
                     "std::function<int()> f_ = [] { return g(); };", "struct { int a; } b_;", "int (&a_)[3];"):
            self.assertEqual(self.in_private(text), 0, text)

    def test_access(self):
        source = """
        template <class T, class U = std::vector<T>>
        class [[nodiscard]] Outer final : public Base<int(int)>, private Other {
            void a();
        public:
            Outer() : x_{1}, y_{2} { for (;;) { f(); } }
            void b();
            struct Inner { void c(); private: void d(); void e() { struct Local { void g(); }; } };
        protected:
            void h();
        private:
            class Hidden { void i(); void j(); void k(); };
            void l() const;
            int x_ = 1;
            Hidden hidden_;
        };
        struct Plain { void m(); int n = 3; };
        enum class Colour : int { red };
        void function() { class Within { int o() { return 1; } }; }
        class Within::Nested { void p(); };
        """
        self.assertEqual(self.count(source), {"Outer": 2, "Inner": 2, "Local": 0, "Hidden": 3, "Plain": 0, "Within": 1,
                                              "Nested": 1})


if __name__ == "__main__":
    unittest.main()
