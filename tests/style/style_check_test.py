#!/usr/bin/env python3
"""Shows every style rule a file that breaks it, and a tree that breaks none."""
import unittest

import style_check

HEADER = "#pragma once\n\n/// A contract.\nint answer();\n"

CLEAN = {
    "src/rapport/core/time.hpp": HEADER,
    "src/rapport/store/mongo/client.hpp": "#include <mongoc/mongoc.h>\n" + HEADER,
    "src/rapport/store/mongo/mongo_store.cpp":
        '#include <bson/bson.h>\n#include "rapport/core/time.hpp"\n#include "rapport/store/mongo/client.hpp"\n',
    "tests/core/time_test.cpp": '#include "rapport/core/time.hpp"\n#include "tests/support/clock.hpp"\n',
    "examples/chat.txt": "12/3/24, 9:15 - Ana: \n",
    "docs/build.md": "See https://example.org/build/work/index.html and ~/work/x.\n",
}

BROKEN = [
    ("short_files", "src/rapport/core/a.cpp", "int a;\n" * style_check.MAX_LINES),
    ("short_files", "dev", "#!/bin/sh\n" + "true\n" * style_check.MAX_LINES),
    ("pragma_once", "src/rapport/core/a.hpp", "/// A contract.\nint answer();\n"),
    ("no_leftovers", "src/rapport/core/a.cpp", "// TO" "DO later\n"),
    ("no_leftovers", "docs/a.md", "FIX" "ME\n"),
    ("no_leftovers", "tests/core/a_test.cpp", "TEST(A, DIS" "ABLED_works) {}\n"),
    ("clean_blanks", "src/rapport/core/a.cpp", "int\ta;\n"),
    ("clean_blanks", "docs/a.md", "words \n"),
    ("clean_blanks", "docs/a.md", "words\r\n"),
    ("clean_blanks", "docs/a.md", "no newline"),
    ("include_direction", "src/rapport/core/a.cpp", '#include "rapport/domain/lead.hpp"\n'),
    ("include_direction", "src/rapport/channel/a.cpp", '#  include "rapport/cli/main.hpp"\n'),
    ("include_direction", "src/rapport/misc/a.cpp", "int a;\n"),
    ("include_spelling", "src/rapport/core/a.cpp", '#include "time.hpp"\n'),
    ("include_spelling", "src/rapport/core/a.cpp", "#include <rapport/core/time.hpp>\n"),
    ("include_spelling", "src/rapport/core/a.cpp", '#include "tests/support/clock.hpp"\n'),
    ("hidden_drivers", "src/rapport/repository/a.cpp", "#include <mongoc/mongoc.h>\n"),
    ("hidden_drivers", "src/rapport/store/a.hpp", "#include <sqlite3.h>\n" + HEADER),
    ("hidden_drivers", "src/rapport/core/a.cpp", "#include <bson/bson.h>\n"),
    ("snake_case", "src/rapport/core/LeadStore.cpp", "int a;\n"),
    ("snake_case", "scripts/do-it.py", "pass\n"),
    ("no_machine_paths", "docs/a.md", "in /ho" "me/ana/rapport\n"),
    ("no_machine_paths", "examples/a.txt", "(/wo" "rk/main)\n"),
    ("no_registry_hosts", "scripts/a.py", "# from py" "pi.org\n"),
    ("no_registry_hosts", "docs/a.md", "https://deb.deb" "ian.org/x\n"),
    ("documented_headers", "src/rapport/core/a.hpp", "#pragma once\nint answer();  // no contract\n"),
]


class StyleRules(unittest.TestCase):
    def test_a_clean_tree_has_no_problems(self):
        self.assertEqual(style_check.problems(CLEAN), [])

    def test_each_rule_catches_its_violation_and_no_other_rule_does(self):
        for rule, path, text in BROKEN:
            with self.subTest(rule=rule, path=path, text=text[:40]):
                caught = {r.__name__ for r in style_check.RULES if list(r({**CLEAN, path: text}))}
                self.assertEqual(caught, {rule})

    def test_an_adapter_header_used_outside_its_folder_hides_no_driver(self):
        user = {"src/rapport/repository/a.cpp": '#include "rapport/store/mongo/client.hpp"\n'}
        found = list(style_check.hidden_drivers({**CLEAN, **user}))
        self.assertEqual([path for path, _, _ in found], ["src/rapport/store/mongo/client.hpp"])

    def test_every_rule_is_shown_a_violation(self):
        self.assertEqual({rule for rule, _, _ in BROKEN}, {r.__name__ for r in style_check.RULES})


if __name__ == "__main__":
    unittest.main()
