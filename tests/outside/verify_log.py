#!/usr/bin/env python3
"""Checks a log that `vedetta-audit log export DIR` wrote, from its files and public keys alone.

    verify_log.py DIR KEY [WITNESS_KEY ...]

DIR is one controller's folder. KEY and the witnesses' keys come from elsewhere (the convention's annex, the Carabinieri),
never from DIR. Needs PyPI `cryptography` for Ed25519 and ML-DSA-44; the formats are in src/domain/audit/FORMAT.md. Status 0: it
holds.
"""
import base64, hashlib, json, pathlib, sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

LOG, WITNESS, WITNESS_ML_DSA_44 = 1, 4, 6
# Kind of key: how it reads, and how long it is.
KINDS = {LOG: (Ed25519PublicKey, 32), WITNESS: (Ed25519PublicKey, 32), WITNESS_ML_DSA_44: (MLDSA44PublicKey, 1312)}


class Refused(Exception):
    """The log does not hold."""


def need(holds, what):
    if not holds:
        raise Refused(what)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def check_signature(kind, key, message, signature):
    try:
        KINDS[kind][0].from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise Refused("the signature does not verify")


def unbase64(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 in another spelling")
    return raw


def read_key(text):
    """Name, kind, key hash and public key of a C2SP verifier key."""
    name, key_hash, encoded = text.split("+", 2)
    raw = unbase64(encoded)
    need(raw[0] in KINDS and len(raw) == 1 + KINDS[raw[0]][1], "not a kind of key that is known")
    need(sha(name.encode(), b"\n", raw)[:4].hex() == key_hash, "not a verifier key")
    return name, raw[0], bytes.fromhex(key_hash), raw[1:]


def cosigned(kind, name, moment, text):
    """What a witness signs."""
    if kind == WITNESS:
        return f"cosignature/v1\ntime {moment}\n{text}".encode()
    need(moment > 0, "a cosignature without a time")
    origin, size, root = text[:-1].split("\n")[:3]
    names = [len(part).to_bytes(1, "big") + part for part in (name.encode(), origin.encode())]
    numbers = [n.to_bytes(8, "big") for n in (moment, 0, int(size))]
    return b"subtree/v1\n\0" + names[0] + numbers[0] + names[1] + numbers[1] + numbers[2] + unbase64(root)


def read_note(data, keys):
    """Origin, size, root of a signed checkpoint; every signature must be of one of the keys, the first of the log's."""
    text, _, lines = data.decode().rpartition("\n\n")
    text += "\n"
    need(lines.endswith("\n"), "the note is torn")
    for number, line in enumerate(lines[:-1].split("\n")):
        dash, name, encoded = line.split(" ")
        raw = unbase64(encoded)
        known = [key for key in (keys[:1] if number == 0 else keys[1:]) if (key[0], key[2]) == (name, raw[:4])]
        need(dash == "—" and known, "a signature by a key that is not known")
        _, kind, _, key = known[0]
        if number == 0:
            check_signature(kind, key, text.encode(), raw[4:])
        else:
            moment = int.from_bytes(raw[4:12], "big")
            check_signature(kind, key, cosigned(kind, name, moment, text), raw[12:])
    origin, size, root = text[:-1].split("\n")
    need(origin == keys[0][0] and size == str(int(size)), "a checkpoint of another log")
    return int(size), unbase64(root)


def exact(line, fields):
    """One JSON object in its one spelling."""
    value = json.loads(line)
    need(list(value) == fields, "other fields than agreed")
    need(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() == line, "another spelling")
    return value


def fold(hashes):
    """Root of a tree (RFC 9162, 2.1.1) and, level by level, its complete subtrees."""
    levels, root = [], hashlib.sha256().digest()
    peaks, row = [], hashes
    while row:
        levels.append(row)
        peaks += [row[-1]] if len(row) & 1 else []
        row = [sha(b"\x01", row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)]
    for place, peak in enumerate(peaks):
        root = peak if place == 0 else sha(b"\x01", peak, root)
    return root, levels


def tile_path(kind, index, width):
    digits = f"{index:03}" if index < 1000 else f"x{index // 1000:03}/{index % 1000:03}"
    return f"tile/{kind}/{digits}" + ("" if width == 256 else f".p/{width}")


def read_body(body):
    """The JSON object that a body is; None where it is none."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def verify(files, key, witness_keys=()):
    """`files`: path below DIR to content. Returns a few figures, or raises."""
    keys = [read_key(text) for text in (key, *witness_keys)]
    kinds = [kind for _, kind, _, _ in keys]
    need(kinds[0] == LOG and LOG not in kinds[1:], "a key of the wrong kind")
    size, root = read_note(files["checkpoint"], keys)
    expected = {"checkpoint": None, "leaves.jsonl": None, "bodies.jsonl": None, "key": key.encode() + b"\n"}
    leaves = files["leaves.jsonl"].split(b"\n")
    need(leaves.pop() == b"" and len(leaves) == size, "leaves are missing")
    hashes = [sha(b"\x00", leaf) for leaf in leaves]
    computed, levels = fold(hashes)
    need(computed == root, "the leaves do not have the signed root")
    if "witnessed" in files:
        seen, seen_root = read_note(files["witnessed"], keys)
        need(seen <= size and fold(hashes[:seen])[0] == seen_root, "not the log that the witness saw")
        listed = "".join(text + "\n" for text in witness_keys).encode()
        expected |= {"witnessed": None, "witness-keys": listed}
    for level, row in enumerate(levels[::8]):
        for n in range(0, len(row), 256):
            part = row[n : n + 256]
            expected[tile_path(level, n // 256, len(part))] = b"".join(part)
    for n in range(0, size, 256):
        part = leaves[n : n + 256]
        expected[tile_path("entries", n // 256, len(part))] = b"".join(len(p).to_bytes(2, "big") + p for p in part)
    need(set(files) == set(expected), f"files differ: {set(files) ^ set(expected)}")
    need(all(files[path] == content for path, content in expected.items() if content is not None), "a tile or key differs")
    chains, commits = {}, []
    for leaf, leaf_hash in zip(leaves, hashes):
        leaf = exact(leaf, ["v", "station", "boot", "seq", "prev", "time", "mono_ms", "class", "commit"])
        want = chains.get(leaf["station"], (0, ""))
        need(leaf["v"] == 1 and (leaf["seq"], leaf["prev"]) == want, "a station's chain is broken")
        chains[leaf["station"]] = (leaf["seq"] + 1, leaf_hash.hex())
        commits.append((leaf["commit"], leaf["station"], leaf["seq"]))
    lines = files["bodies.jsonl"].split(b"\n")
    need(lines.pop() == b"", "the bodies are torn")
    pruned, present, last, aside = set(), set(), -1, {}
    for line in lines:
        line = exact(line, ["index", "salt", "body"])
        index, salt, body = line["index"], bytes.fromhex(line["salt"]), line["body"].encode()
        need(last < index < size and len(salt) == 32 and salt.hex() == line["salt"], "a body out of place")
        need(sha(b"\x02", salt, body).hex() == commits[index][0], f"the body of entry {index} is not what was committed")
        said, last, (_, station, seq) = read_body(body), index, commits[index]
        present.add(index)
        if said is None:
            aside[index] = (station, seq)
        elif station == "server" and (said["operation"], said["result"]) == ("log_pruned", "done"):
            need(said["person"] != said["parameters"]["asked_by"], "pruned by one person alone")
            pruned.update(n for first, end in said["parameters"]["spans"] for n in range(first, end))
        elif station == "server" and (said["operation"], said["result"]) == ("event_set_aside", "done"):
            named = said["parameters"]
            if aside.get(named["index"]) == (named["station"], named["seq"]):
                del aside[named["index"]]
    need(set(range(size)) - present <= pruned, "a body is missing without a record of pruning")
    need(not aside, "a body does not read, and no record says that it is set aside")
    return {"entries": size, "bodies": len(present), "stations": len(chains), "root": root.hex()}


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    try:
        print(json.dumps(verify(found, *sys.argv[2:3], sys.argv[3:])))
    except (Refused, ValueError, KeyError, TypeError, AttributeError, IndexError) as why:
        sys.exit(f"REFUSED: {why}")
