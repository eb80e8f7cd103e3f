#!/bin/bash
# Everything that CI runs, in order: what is missing, one debug build, all tests; the last line counts them.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p .build
log=.build/swift-test.log

make --no-print-directory test-prerequisites debug assets engines flights venv || exit 1

# One test at a time: hundreds at once start so many child processes that Foundation's Process gives out.
swift test -debug-info-format none --skip-build --no-parallel 2>&1 | tee "$log"
swift_status=${PIPESTATUS[0]}

MARTLET=$PWD/.build/debug/martlet .venv/bin/pytest Tests/EndToEnd --numprocesses 2 --dist loadfile --no-loadscope-reorder --junit-xml .build/end-to-end.xml
pytest_status=$?

python3 scripts/count-tests.py "$log" .build/end-to-end.xml
[ "$swift_status" -eq 0 ] && [ "$pytest_status" -eq 0 ]
