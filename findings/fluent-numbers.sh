#!/usr/bin/env bash
# Words of the interface: one Fluent file gives three different Italian numbers in Rust, JavaScript and Python.
#
# Versions: crate fluent-bundle 0.16.0 (with intl_pluralrules 7.0.2), npm @fluent/bundle 0.19.1, PyPI fluent.runtime 0.4.0.
# Expected: Fluent's point is that the translator's file decides: NUMBER() "formats a number to a string in a given locale", with
#   the options of ECMA-402, and selects plurals by CLDR. So one file, one argument and one language give one text.
# Seen, language it:
#                                                    Rust           JavaScript      Python
#     { $n }                        1234567.25       1234567.25     1.234.567,25    1.234.567,25
#     { NUMBER($n, maximumFractionDigits: 1) } 2.25  2.25           2,3             2,2
#     { NUMBER($n, style: "percent") }       0.5     0.5            0,5             50%
#     [one] uno [many] molti *[other] altri  1000000 altri          molti           molti
#   Rust takes minimumFractionDigits and nothing else: no comma, no grouping, no maximum, and no error; its plural rules have
#   no "many" for Italian. Python rounds halves to the even digit, JavaScript away from zero; only Python has the percentage.
# Why it matters: an Italian screen shows 2.25 where the file asks for 2,3, and a translator who checks the file in the browser
#   sees it right. 1.234 read by an Italian is one thousand two hundred and thirty-four.
# What to do: format numbers for the language before they become arguments, or give the bundle a formatter (set_formatter);
#   test a sentence with a fraction in the language whose comma differs.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in npm python3-venv; do
  command -v "$tool" >"$work/found" || dpkg -s "$tool" >"$work/found" 2>&1 ||
    { apt-get -q update && apt-get -qy install --no-install-recommends "$tool"; } >"$work/apt" 2>&1
done
python3 -m venv "$work/venv"
"$work/venv/bin/pip" -q --disable-pip-version-check install fluent.runtime==0.4.0 fluent.syntax==0.19.0 babel==2.17.0
npm --prefix "$work" install --silent --no-audit --no-fund --ignore-scripts @fluent/bundle@0.19.1

cat >"$work/it.ftl" <<'FLUENT'
plain = { $n }
digit = { NUMBER($n, maximumFractionDigits: 1) }
share = { NUMBER($n, style: "percent") }
count = { $n ->
    [one] uno
    [many] molti
   *[other] altri
 }
FLUENT
mkdir -p "$work/words/src"
cat >"$work/words/Cargo.toml" <<'TOML'
[package]
name = "words"
version = "0.0.0"
edition = "2021"

[dependencies]
fluent-bundle = "=0.16.0"
intl_pluralrules = "=7.0.2"

[profile.dev]
debug = false
TOML
cat >"$work/words/src/main.rs" <<'RUST'
use fluent_bundle::{FluentArgs, FluentBundle, FluentResource};

fn main() {
    let file = std::fs::read_to_string("it.ftl").expect("the file");
    let mut bundle = FluentBundle::new(vec!["it".parse().expect("a language")]);
    bundle.set_use_isolating(false);
    bundle.add_builtins().expect("NUMBER");
    bundle.add_resource(FluentResource::try_new(file).expect("a resource")).expect("messages");
    for (name, number) in [("plain", 1234567.25), ("digit", 2.25), ("share", 0.5), ("count", 1_000_000.0)] {
        let mut arguments = FluentArgs::new();
        arguments.set("n", number);
        let pattern = bundle.get_message(name).and_then(|message| message.value()).expect("a message");
        let mut errors = vec![];
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        assert!(errors.is_empty(), "{errors:?}");
        println!("{name} {text}");
    }
}
RUST
cat >"$work/words.mjs" <<'JAVASCRIPT'
import fs from "node:fs";
import { FluentBundle, FluentResource } from "@fluent/bundle";

const bundle = new FluentBundle("it", { useIsolating: false });
bundle.addResource(new FluentResource(fs.readFileSync("it.ftl", "utf8")));
for (const [name, n] of [["plain", 1234567.25], ["digit", 2.25], ["share", 0.5], ["count", 1000000]]) {
  console.log(name, bundle.formatPattern(bundle.getMessage(name).value, { n }));
}
JAVASCRIPT
cat >"$work/words.py" <<'PYTHON'
from fluent.runtime import FluentBundle, FluentResource

bundle = FluentBundle(["it"], use_isolating=False)
bundle.add_resource(FluentResource(open("it.ftl", encoding="utf-8").read()))
for name, number in (("plain", 1234567.25), ("digit", 2.25), ("share", 0.5), ("count", 1000000.0)):
    text, errors = bundle.format_pattern(bundle.get_message(name).value, {"n": number})
    print(name, text if not errors else errors)
PYTHON
cargo build -q --manifest-path "$work/words/Cargo.toml" --target-dir "$work/target"

cd "$work"
changed=
expect() { # language, seen, expected
  printf '%s\n%s\n' "$1:" "$2"
  [ "$2" = "$3" ] || changed="$changed $1;"
}
expect Rust "$(target/debug/words)" $'plain 1234567.25\ndigit 2.25\nshare 0.5\ncount altri'
expect JavaScript "$(node words.mjs)" $'plain 1.234.567,25\ndigit 2,3\nshare 0,5\ncount molti'
expect Python "$(venv/bin/python words.py)" $'plain 1.234.567,25\ndigit 2,2\nshare 50%\ncount molti'
[ -z "$changed" ] || { echo "what Fluent makes of numbers has changed:$changed" >&2; exit 1; }
