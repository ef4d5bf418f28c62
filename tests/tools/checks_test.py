"""The checks of lint, each shown a tree with one fault in it."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import check_arrows
import check_citations
import check_size
import check_tree

ROOMS = """
pellucid_room(core LIBRARIES PkgConfig::nettle)
pellucid_room(ops GRAPH DEPENDS core)
pellucid_room(graph GRAPH DEPENDS ops LIBRARIES Eigen3::Eigen)
pellucid_room(render DEPENDS core)
"""


class Tree(unittest.TestCase):
    """A folder with the files of a test, gone afterwards."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.write("src/CMakeLists.txt", ROOMS)
        for folder in ("include/pellucid", "src/core", "src/ops", "src/graph", "src/render", "src/cli", "tests/ops"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


class ArrowsTest(Tree):
    def test_rooms_reach_what_their_dependencies_reach(self) -> None:
        self.assertEqual(check_arrows.rooms(self.root)["graph"], {"core", "ops", "graph"})

    def test_includes_along_the_arrows_pass(self) -> None:
        self.write(
            "src/graph/rules.cpp", '#include "graph/rules.hpp"\n#include "core/files.hpp"\n#include "ops/pool.hpp"\n'
        )
        self.write("src/cli/main.cpp", '#include "graph/rules.hpp"\n#include "render/plot.hpp"\n')
        self.write("src/render/plot.cpp", '#include "pellucid/image.hpp"\n#include <openvino/openvino.hpp>\n')
        self.assertEqual(check_arrows.check(self.root), [])

    def test_an_include_against_an_arrow_is_found_where_it_stands(self) -> None:
        self.write("src/core/files.cpp", '#include <vector>\n\n#include "graph/rules.hpp"\n')
        self.assertEqual(
            check_arrows.check(self.root),
            ['src/core/files.cpp:3: core may not include "graph/rules.hpp": it stands above'],
        )

    def test_siblings_do_not_include_each_other(self) -> None:
        self.write("src/render/plot.hpp", '#include "ops/pool.hpp"\n')
        self.assertEqual(len(check_arrows.check(self.root)), 1)

    def test_no_room_includes_the_command_line(self) -> None:
        self.write("src/graph/read.cpp", '#include "cli/terminal.hpp"\n')
        self.assertEqual(len(check_arrows.check(self.root)), 1)

    def test_tests_of_a_room_stay_within_its_reach(self) -> None:
        self.write("tests/ops/pool_test.cpp", '#include "graph/rules.hpp"\n')
        self.assertEqual(len(check_arrows.check(self.root)), 1)

    def test_public_headers_keep_rooms_and_openvino_out(self) -> None:
        self.write("include/pellucid/model.hpp", '#include "graph/rules.hpp"\n#include "openvino/core/model.hpp"\n')
        self.write("include/pellucid/openvino.hpp", '#include "openvino/core/model.hpp"\n')
        self.assertEqual(len(check_arrows.check(self.root)), 2)

    def test_a_folder_that_is_no_room_is_found(self) -> None:
        self.write("src/magic/wand.cpp", "int wand();\n")
        self.assertEqual(check_arrows.check(self.root), ["src/magic: no room of src/CMakeLists.txt"])

    def test_a_circle_of_rooms_is_refused(self) -> None:
        self.write("src/CMakeLists.txt", "pellucid_room(core DEPENDS ops)\npellucid_room(ops DEPENDS core)\n")
        with self.assertRaises(SystemExit):
            check_arrows.rooms(self.root)

    def test_our_own_tree_has_arrows_to_check(self) -> None:
        self.assertIn("engine", check_arrows.rooms(ROOT)["explain"])
        self.assertNotIn("explain", check_arrows.rooms(ROOT)["engine"])


class SizeTest(Tree):
    def test_a_file_of_400_lines_is_too_long_and_one_of_399_is_not(self) -> None:
        self.assertEqual(check_size.check_file(self.write("a.cpp", "int a;\n" * 399)), [])
        self.assertEqual(len(check_size.check_file(self.write("b.cpp", "int a;\n" * 400))), 1)

    def test_a_table_may_be_long(self) -> None:
        self.assertEqual(check_size.check_file(self.write("c.cpp", "// size: table\n" + "int a;\n" * 500)), [])

    def test_a_function_of_60_lines_is_too_long(self) -> None:
        self.assertEqual(check_size.check_file(self.write("a.py", "def f():\n" + "    f()\n" * 58)), [])
        found = check_size.check_file(self.write("b.py", "x = 1\n\n\ndef f():\n" + "    f()\n" * 59))
        self.assertEqual(len(found), 1)
        self.assertIn(":4: f has 60 lines", found[0])


class CitationsTest(Tree):
    def setUp(self) -> None:
        super().setUp()
        self.write("docs/reference/bibliography.md", '* <a id="bach2015"></a>**bach2015**: S. Bach et al.\n')
        self.write("src/graph/lrp.cpp", "// The epsilon rule [bach2015], eq. 58.\n")

    def test_a_cited_key_that_is_listed_passes(self) -> None:
        self.assertEqual(check_citations.check(self.root), [])

    def test_each_fault_is_found(self) -> None:
        faults = {
            "stands not in": ("src/core/a.cpp", "// As in [knuth1968].\n"),
            "names its source": ("src/graph/b.cpp", "// Question: why?\n// Source: my aunt.\n"),
            "cited nowhere": ("docs/reference/bibliography.md", '<a id="bach2015"></a>**bach2015** '
                              '<a id="kim2018"></a>**kim2018**'),
            "under the anchor": ("docs/reference/bibliography.md", '<a id="bach"></a>**bach2015**'),
        }  # fmt: skip
        for finding, (name, text) in faults.items():
            with self.subTest(finding):
                self.setUp()
                self.write(name, text)
                found = check_citations.check(self.root)
                self.assertEqual(len(found), 1)
                self.assertIn(finding, found[0])


class TreeTest(Tree):
    def findings(self, text: str) -> list[str]:
        return check_tree.check([self.write("docs/page.md", text)])

    def test_each_rule_finds_its_fault(self) -> None:
        faults = {
            "host": "pip install --index-url https://py" + "pi.org/simple",
            "path": "open('/wo" + "rk/shared/model.onnx')",
            "unfinished": "// TO" + "DO: the rest",
            "skipped": "GTEST_" + 'SKIP() << "no model";',
        }
        for name, text in faults.items():
            with self.subTest(name):
                self.assertEqual(len(self.findings("fine\n" + text + "\n")), 1)

    def test_what_only_looks_like_a_fault_passes(self) -> None:
        self.assertEqual(self.findings("a network/work/flow; ./dev setup; relative/home/page; todos\n"), [])

    def test_a_file_named_for_nothing_is_found(self) -> None:
        self.assertEqual(len(check_tree.check([self.write("src/core/utils.cpp", "")])), 1)
        self.assertEqual(len(check_tree.check([self.write("src/common/array.cpp", "")])), 1)


if __name__ == "__main__":
    unittest.main()
