#!/usr/bin/env python3
"""Changes every byte of an exported log, one at a time, and expects the verifier to refuse each.

    flip_log.py [--every N] DIR KEY [WITNESS_KEY ...]

With --every, one byte of N in each file, for a log too long to try them all. Three changes per byte: the lowest bit, the bit between small and capital letters, all bits. Signatures that were checked
are remembered: it is the same question each time, and Python is slow at it.
"""
import functools, json, pathlib, sys

import verify_log

verify_log.check_signature = functools.lru_cache(maxsize=None)(verify_log.check_signature)
arguments, every = sys.argv[1:], 1
if arguments[0] == "--every":
    every, arguments = int(arguments[1]), arguments[2:]
folder, key, witnesses = pathlib.Path(arguments[0]), arguments[1], arguments[2:]
files = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
figures = verify_log.verify(files, key, witnesses)
tried, accepted = 0, []
for path, content in files.items():
    for at in range(0, len(content), every):
        for change in (0x01, 0x20, 0xFF):
            changed = bytearray(content)
            changed[at] ^= change
            tried += 1
            try:
                verify_log.verify({**files, path: bytes(changed)}, key, witnesses)
                accepted.append(f"{path}:{at}:{change:02x}")
            except (verify_log.Refused, ValueError, KeyError, TypeError, AttributeError, IndexError):
                pass
    # A file cut short, with a byte more, or taken away.
    for other in ({**files, path: content[:-1]}, {**files, path: content + b"\n"}, {k: v for k, v in files.items() if k != path}):
        tried += 1
        try:
            verify_log.verify(other, key, witnesses)
            accepted.append(f"{path}: cut, longer or gone")
        except (verify_log.Refused, ValueError, KeyError, TypeError, AttributeError, IndexError):
            pass
print(json.dumps({**figures, "bytes": sum(map(len, files.values())), "changes": tried, "accepted": accepted}))
sys.exit(1 if accepted else 0)
