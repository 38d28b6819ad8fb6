"""Write and read JSON: json_roundtrip.py SIZE. Prints a checksum."""

import hashlib
import json
import sys


def record(number: int) -> dict[str, object]:
    """One record, with a list and a nested object."""
    return {
        "id": number,
        "name": "record %d" % number,
        "tags": ["tag%d" % (number * k % 1009) for k in range(number % 12)],
        "place": {"x": number / 7, "y": -number / 3, "text": "lorem ipsum " * (number % 9)},
        "valid": number % 3 == 0,
        "parent": None if number % 5 else number // 5,
    }


def main() -> None:
    """Forth and back, several times, the records changing in between."""
    records = [record(i) for i in range(int(sys.argv[1]))]
    for turn in range(4):
        text = json.dumps(records, indent=turn % 2 or None)
        records = json.loads(text)
        records = [dict(r, turn=turn) for r in records if r["id"] % 17 != turn]
    print(len(records), hashlib.sha256(json.dumps(records).encode()).hexdigest())


main()
