"""Small projects that tests write: a folder with a martlet.yaml, and what goes with it."""

from pathlib import Path

HEAD = "martlet: 1\nproject: tiny\n"

SALES = """
data:
  sales:
    source: data/{partition}.csv
    key: [id]
    partition: {by: day, column: day}
"""

GOOD_DAY = "id,day,amount,shop\n" + "".join(f"{n},2024-03-01,{n / 4},{'ab'[n % 2]}\n" for n in range(1, 41))


def write(folder: Path, text: str, files: dict[str, str | bytes] = {}) -> Path:
    """A project's folder with its martlet.yaml and other files."""
    for name, content in ({"martlet.yaml": text} | files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
