"""The script that runs the documentation's snippets lets no broken page pass. Pellucid is a shell script here."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tools"))
import snippets

# Explains as pellucid does, as far as files go; a model that reads "broken" is none.
STAND_IN = """#!/bin/sh
[ "$1" = explain ] || exit 2
grep -q broken "$2" && exit 3
for method in $(echo "$5" | tr , ' '); do
    [ "$method" = forgetful ] && continue
    mkdir -p "pellucid-out/photo/$method"
    echo '{}' > "pellucid-out/photo/$method/explanation.json"
done
echo '  95.11 %   espresso'
"""


class SnippetsTest(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        stand_in = self.folder / "stand-in"
        stand_in.write_text(STAND_IN)
        stand_in.chmod(0o755)
        for name in ("good.onnx", "other.onnx", "broken.onnx", "photo.png"):
            (self.folder / name).write_text(name)
        self.setting = snippets.Setting(stand_in, self.folder, None, self.folder)

    def check(self, text: str) -> int:
        page = self.folder / "page.md"
        page.write_text(text)
        return snippets.check_page(page, self.setting)

    def refused(self, text: str, why: str) -> None:
        with self.assertRaisesRegex(snippets.PageError, why):
            self.check(text)

    def explain(self, comment: str, method: str = "lime") -> str:
        return f"# A page\n\n{comment}\n```sh\npellucid explain model.onnx photo.png --method {method}\n```\n"

    def test_a_name_is_filled_by_each_of_its_files(self) -> None:
        self.assertEqual(self.check(self.explain("<!-- test: model.onnx = good.onnx, other.onnx; photo.png -->")), 2)
        self.assertEqual(
            snippets.fillings("a, b; c = d, e"), [{"a": "a", "b": "b", "c": "d"}, {"a": "a", "b": "b", "c": "e"}]
        )

    def test_a_command_that_fails(self) -> None:
        self.refused(self.explain("<!-- test: model.onnx = good.onnx, broken.onnx; photo.png -->"), "ended with 3")

    def test_a_command_that_fails_before_one_that_does_not(self) -> None:
        self.refused("<!-- test: photo.png -->\n```sh\nfalse\ntrue\n```\n", "ended with 1")

    def test_no_explanation_of_one_method(self) -> None:
        comment = "<!-- test: model.onnx = good.onnx; photo.png -->"
        self.refused(self.explain(comment, "lime,forgetful"), "no explanation.json of forgetful")

    def test_an_asset_that_is_not_there(self) -> None:
        self.refused(self.explain("<!-- test: model.onnx = none.onnx -->"), "no asset none.onnx")

    def test_a_block_that_nothing_is_said_of(self) -> None:
        self.refused("```sh\ntrue\n```\n", "page.md:1: nothing says")
        self.refused("<!-- not run by tests: a reason -->\n```sh\ntrue\n```\n\n```python\n1\n```\n", "page.md:6")

    def test_a_line_that_was_not_printed(self) -> None:
        run = self.explain("<!-- test: model.onnx = good.onnx; photo.png -->")
        self.assertEqual(self.check(run + "\n<!-- printed -->\n```text\n95.11 % espresso\n```\n"), 1)
        self.refused(run + "\n<!-- printed -->\n```text\n95.1 % espresso\n```\n", "nothing printed this line")

    def test_an_excerpt_that_has_drifted(self) -> None:
        excerpt = "<!-- excerpt: tests/docs/snippets_test.py -->\n```python\n{}```\n"
        self.assertEqual(self.check(excerpt.format("import snippets\n")), 0)
        drifted = "import " + "bits\n"
        self.refused(excerpt.format(drifted), "does not stand in")

    def test_files_of_a_page_are_there_for_its_later_blocks(self) -> None:
        block = "<!-- test: photo.png -->\n```sh\ngrep -q main mine.cpp\n```\n"
        self.refused(block, "ended with 2")
        self.assertEqual(self.check("<!-- file: mine.cpp -->\n```cpp\nint main() {}\n```\n" + block), 1)


if __name__ == "__main__":
    unittest.main()
