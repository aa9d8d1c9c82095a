"""The page on speed says what the benchmark measured."""

from __future__ import annotations

from tests.benchmark_scripts import made_by, page, results


def test_the_table_is_that_of_the_results() -> None:
    """Otherwise put what `table` of benchmarks/test_generator_speed.py makes of the results into docs/speed.md."""
    table = made_by("test_generator_speed.py")["table"](results("generator_speed"))
    assert table.count("\n") > 3 and table in page("docs/speed.md")


def test_the_table_of_students_is_that_of_the_results() -> None:
    """Otherwise put what `python benchmarks/students.py --table` prints into docs/speed.md."""
    table = made_by("students.py")["table"](results("students"))
    assert table.count("\n") > 3 and table in page("docs/speed.md")
