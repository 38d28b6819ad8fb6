"""Print one line for each test in a JUnit file of CPython's regrtest: its name and its outcome.

Timings, which vary, and messages, which quote addresses and process ids, are left out.
"""

import sys
import xml.etree.ElementTree as ElementTree


def outcome(testcase):
    for child in testcase:
        if child.tag in ("failure", "error", "skipped"):
            return child.tag
    return "ok"


def main(path):
    lines = []
    for suite in ElementTree.parse(path).iter("testsuite"):
        for testcase in suite.iter("testcase"):
            lines.append("%s %s" % (testcase.get("name"), outcome(testcase)))
    lines.sort()
    print("\n".join(lines))
    passed = sum(line.endswith(" ok") for line in lines)
    print("%d tests, %d ok" % (len(lines), passed))
    return 0 if passed else 1


sys.exit(main(sys.argv[1]))
